#include "services/sns/core/message_attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "models/sns.hpp"

namespace aviary::sns {
namespace {

constexpr std::size_t name_bytes = 256;

AwsError refuse(std::string text) {
  return {models::sns::errors::InvalidParameterValueException, std::move(text)};
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

/// Words as LocalStack's tests of publishing have them from AWS.
Result<> check_name(std::string_view name) {
  if (name.size() > name_bytes)
    return refuse("Length of message attribute name must be less than 256 bytes.");
  if (name.starts_with('.'))
    return refuse("Invalid message attribute name starting with character '.' was found.");
  if (name.ends_with('.'))
    return refuse("Invalid message attribute name ending with character '.' was found.");
  for (const char c : name)
    if (!is_name_character(c))
      return refuse(fmt::format(
          "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can "
          "only include alphanumeric characters, hyphens, underscores, or dots.",
          static_cast<unsigned char>(c)));
  if (name.find("..") != std::string_view::npos)
    return refuse("Message attribute name can not have successive '.' character.");
  return {};
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits = text.find_first_of("0123456789") != std::string_view::npos;  // neither `nan` nor `inf`
  return digits && end == text.data() + text.size() && problem != std::errc::invalid_argument;
}

Result<Attribute> read_attribute(const std::string& name, const Json& facts) {
  const auto member = [&facts](const char* key) -> const std::string* {
    const auto found = facts.find(key);
    return found != facts.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
  };
  const std::string type = facts.value("DataType", "");
  const std::string_view kind = std::string_view(type).substr(0, type.find('.'));
  if (kind != "String" && kind != "Number" && kind != "Binary")
    return refuse(
        fmt::format("The message attribute '{}' has an invalid message attribute type, the set of supported "
                    "type prefixes "
                    "is Binary, Number, and String.",
                    name));
  const std::string* text = member("StringValue");
  const std::string* bytes = member("BinaryValue");
  const std::string* value = kind == "Binary" ? bytes : text;
  if (value == nullptr && (text != nullptr || bytes != nullptr))
    return refuse(fmt::format("The message attribute '{}' with type '{}' must use field '{}'.", name, type,
                              kind == "Binary" ? "Binary" : "String"));
  if (value == nullptr || value->empty())
    return refuse(
        fmt::format("The message attribute '{}' must contain non-empty message attribute value for message "
                    "attribute type '{}'.",
                    name, type));
  if (kind == "Number" && !is_number(*value))
    return refuse(fmt::format("Could not cast message attribute '{}' value to number.", name));
  return Attribute{.data_type = type, .value = *value};
}

}  // namespace

Result<Attributes> read_message_attributes(const Json& document) {
  Attributes attributes;
  if (!document.is_object()) return attributes;
  for (const auto& [name, facts] : document.items()) {
    if (const Result<> valid = check_name(name); !valid) return valid.error();
    Result<Attribute> attribute = read_attribute(name, facts);
    if (!attribute) return attribute.error();
    attributes.emplace(name, std::move(*attribute));
  }
  return attributes;
}

std::size_t size_of(const Attributes& attributes) {
  std::size_t bytes = 0;
  for (const auto& [name, attribute] : attributes)
    bytes += name.size() + attribute.data_type.size() + attribute.value.size();
  return bytes;
}

}  // namespace aviary::sns
