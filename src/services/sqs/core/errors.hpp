#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

/// What SQS says when it refuses. Texts as recorded from AWS unless a function says otherwise.
namespace aviary::sqs {

AwsError no_such_queue();
AwsError invalid_parameter(std::string text);
/// `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …`
AwsError invalid_value_of(std::string_view parameter, std::string_view value, std::string_view reason);
AwsError missing_parameter(std::string_view parameter);
AwsError invalid_attribute_name(std::string text);
AwsError unknown_attribute(std::string_view name);
AwsError invalid_attribute_value(std::string_view name);
AwsError invalid_receipt_handle(std::string_view handle);
AwsError not_found(std::string text);

}  // namespace aviary::sqs
