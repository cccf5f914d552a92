#include "services/sqs/core/errors.hpp"

#include <fmt/format.h>

#include "models/sqs.hpp"

namespace aviary::sqs {

namespace rows = models::sqs::errors;

AwsError no_such_queue() { return {rows::QueueDoesNotExist, "The specified queue does not exist."}; }

AwsError invalid_parameter(std::string text) {
  return {rows::InvalidParameterValueException, std::move(text)};
}

AwsError invalid_value_of(std::string_view parameter, std::string_view value, std::string_view reason) {
  return invalid_parameter(
      fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, parameter, reason));
}

AwsError missing_parameter(std::string_view parameter) {
  return {rows::MissingRequiredParameterException,
          fmt::format("The request must contain the parameter {}.", parameter)};
}

AwsError invalid_attribute_name(std::string text) { return {rows::InvalidAttributeName, std::move(text)}; }

AwsError unknown_attribute(std::string_view name) {
  return invalid_attribute_name(fmt::format("Unknown Attribute {}.", name));
}

AwsError invalid_attribute_value(std::string_view name) {
  return {rows::InvalidAttributeValue, fmt::format("Invalid value for the parameter {}.", name)};
}

AwsError invalid_receipt_handle(std::string_view handle) {
  return {rows::ReceiptHandleIsInvalid,
          fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle)};
}

AwsError not_found(std::string text) { return {rows::ResourceNotFoundException, std::move(text)}; }

}  // namespace aviary::sqs
