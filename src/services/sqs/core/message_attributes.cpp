#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/md5.hpp"
#include "models/sqs.hpp"
#include "services/sqs/core/errors.hpp"
#include "services/sqs/core/message.hpp"

namespace aviary::sqs {
namespace {

constexpr std::size_t attributes_at_most = 10;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

/// Digits with a sign, a point and an exponent, as far as SQS looks.
bool is_number(std::string_view text) {
  std::size_t digits = 0;
  bool point = false;
  bool exponent = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (c == '+' || c == '-') {
      if (i != 0 && text[i - 1] != 'e' && text[i - 1] != 'E') return false;
    } else if (c == '.' && !point && !exponent) {
      point = true;
    } else if ((c == 'e' || c == 'E') && !exponent && digits > 0 && i + 1 < text.size()) {
      exponent = true;
    } else {
      return false;
    }
  }
  return digits > 0;
}

Result<> check_name(const std::string& name) {
  if (name.empty() || name.size() > 256)
    return invalid_parameter("Message (user) attribute names must be shorter than 256 Bytes");
  if (!std::ranges::all_of(name, is_name_character))
    return invalid_parameter(
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, "
        "hyphens and underscores. ");
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string::npos ||
      starts_ignoring_case(name, "aws.") || starts_ignoring_case(name, "amazon."))
    return invalid_parameter(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are "
        "reserved "
        "for internal use. Additionally, they cannot start or end with '.'.");
  return {};
}

Result<MessageAttribute> read_attribute(const std::string& name, const Json& document) {
  const auto text = [&](const char* member) -> const std::string* {
    const auto found = document.find(member);
    return found != document.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
  };
  const std::string* type = text("DataType");
  if (type == nullptr || type->empty())
    return invalid_parameter(
        fmt::format("The message attribute '{}' must contain non-empty message attribute type.", name));
  const std::string_view kind = std::string_view(*type).substr(0, type->find('.'));
  if (kind != "String" && kind != "Number" && kind != "Binary")
    return invalid_parameter(
        fmt::format("The message attribute '{}' has an invalid message attribute type, the set of supported "
                    "type prefixes is Binary, Number, and String.",
                    name));
  const std::string* value = text(kind == "Binary" ? "BinaryValue" : "StringValue");
  if (value == nullptr || value->empty())
    return invalid_parameter(fmt::format(
        "The message attribute '{}' must contain non-empty message attribute value for message attribute "
        "type '{}'.",
        name, kind));
  if (kind == "Number" && !is_number(*value))
    return invalid_parameter(
        fmt::format("Can't cast the value of message (user) attribute '{}' to a number.", name));
  return MessageAttribute{.data_type = *type, .value = *value};
}

void append_sized(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xFF);
  out += text;
}

}  // namespace

Result<MessageAttributes> read_message_attributes(const Json& document) {
  MessageAttributes attributes;
  if (!document.is_object()) return attributes;
  if (document.size() > attributes_at_most)
    return invalid_parameter(
        fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].", document.size(),
                    attributes_at_most));
  for (const auto& [name, facts] : document.items()) {
    if (const Result<> valid = check_name(name); !valid) return valid.error();
    Result<MessageAttribute> attribute = read_attribute(name, facts);
    if (!attribute) return attribute.error();
    attributes.emplace(name, std::move(*attribute));
  }
  return attributes;
}

std::string attributes_md5(const MessageAttributes& attributes) {
  if (attributes.empty()) return {};
  std::string bytes;
  for (const auto& [name, attribute] : attributes) {
    append_sized(bytes, name);
    append_sized(bytes, attribute.data_type);
    bytes += attribute.is_binary() ? '\2' : '\1';
    append_sized(bytes, attribute.value);
  }
  return hex_encode(md5(bytes));
}

Result<> check_characters(std::string_view body) {
  const auto refused = [] {
    return AwsError(
        models::sqs::errors::InvalidMessageContents,
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
        "#xE000 to #xFFFD | #x10000 to #x10FFFF");
  };
  for (std::size_t i = 0; i < body.size(); ++i) {
    const auto byte = static_cast<unsigned char>(body[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return refused();
    // U+FFFE and U+FFFF; bodies are well-formed UTF-8 by now.
    if (byte == 0xEF && i + 2 < body.size() && static_cast<unsigned char>(body[i + 1]) == 0xBF &&
        static_cast<unsigned char>(body[i + 2]) >= 0xBE)
      return refused();
  }
  return {};
}

Result<> check_fifo_id(std::string_view id, std::string_view parameter) {
  const bool valid =
      !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
  if (valid) return {};
  return invalid_parameter(
      fmt::format("Value {} for parameter {} is invalid. Reason: {} can only include alphanumeric and "
                  "punctuation characters. 1 to 128 in length.",
                  id, parameter, parameter));
}

}  // namespace aviary::sqs
