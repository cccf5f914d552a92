#include "services/cloudformation/core/dynamic_references.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

constexpr std::string_view opening = "{{resolve:";
constexpr std::string_view closing = "}}";

std::vector<std::string> split_at_colons(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

AwsError wrong_format(std::string_view kind, const std::string& text) {
  return validation_error(
      fmt::format("Incorrect format is used in the following {} reference: [{}]", kind, text));
}

/// `name`, `name:version`; the name may be an ARN.
Result<> read_parameter(std::vector<std::string> parts, DynamicReference& reference) {
  if (parts[0] == "arn" && parts.size() > 5) {
    for (std::size_t i = 1; i <= 5; ++i) parts[0] += ':' + parts[i];
    parts.erase(parts.begin() + 1, parts.begin() + 6);
  }
  const bool digits =
      parts.size() < 2 || std::ranges::all_of(parts[1], [](unsigned char c) { return std::isdigit(c) != 0; });
  if (parts[0].empty() || parts.size() > 2 || !digits) return wrong_format("SSM", reference.text);
  reference.name = parts[0];
  if (parts.size() == 2) reference.version = parts[1];
  return {};
}

/// `id:SecretString:json-key:version-stage:version-id`, all but the first of it optional.
Result<> read_secret(std::vector<std::string> parts, DynamicReference& reference) {
  if (parts[0] == "arn" && parts.size() > 6) {
    for (std::size_t i = 1; i <= 6; ++i) parts[0] += ':' + parts[i];
    parts.erase(parts.begin() + 1, parts.begin() + 7);
  }
  parts.resize(std::max<std::size_t>(parts.size(), 5));
  const bool both = !parts[3].empty() && !parts[4].empty();
  if (parts[0].empty() || parts.size() > 5 || both || (!parts[1].empty() && parts[1] != "SecretString"))
    return wrong_format("Secrets Manager", reference.text);
  reference.name = parts[0];
  reference.json_key = parts[2];
  reference.stage = parts[3];
  reference.version = parts[4];
  return {};
}

Result<> collect(const std::string& text, const std::string& place, std::vector<DynamicReference>& found) {
  std::size_t at = 0;
  while ((at = text.find(opening, at)) != std::string::npos) {
    const std::size_t end = text.find(closing, at);
    if (end == std::string::npos) return {};
    DynamicReference reference;
    reference.text = text.substr(at, end + closing.size() - at);
    reference.place = place;
    std::vector<std::string> parts =
        split_at_colons(std::string_view(text).substr(at + opening.size(), end - at - opening.size()));
    at = end + closing.size();
    const std::string service = parts[0];
    parts.erase(parts.begin());
    if (parts.empty()) parts.emplace_back();
    if (service == "ssm" || service == "ssm-secure") {
      reference.from = service == "ssm" ? DynamicReference::From::Ssm : DynamicReference::From::SsmSecure;
      if (const Result<> read = read_parameter(std::move(parts), reference); !read) return read;
    } else if (service == "secretsmanager") {
      reference.from = DynamicReference::From::SecretsManager;
      if (const Result<> read = read_secret(std::move(parts), reference); !read) return read;
    } else {
      return validation_error(
          fmt::format("Dynamic reference {} is not supported: there are ssm, ssm-secure and secretsmanager.",
                      reference.text));
    }
    found.push_back(std::move(reference));
  }
  return {};
}

Result<> collect_all(const Json& value, const std::string& place, std::vector<DynamicReference>& found) {
  if (value.is_string()) return collect(value.get_ref<const std::string&>(), place, found);
  if (value.is_array())
    for (const Json& each : value)
      if (Result<> collected = collect_all(each, place, found); !collected) return collected;
  if (value.is_object())
    for (const auto& [key, each] : value.items())
      if (Result<> collected = collect_all(each, place.empty() ? key : place + '/' + key, found); !collected)
        return collected;
  return {};
}

}  // namespace

Result<std::vector<DynamicReference>> dynamic_references(const Json& properties) {
  std::vector<DynamicReference> found;
  if (const Result<> collected = collect_all(properties, "", found); !collected) return collected.error();
  return found;
}

Json with_dynamic_values(const Json& properties, const std::map<std::string, std::string>& values) {
  if (properties.is_string()) {
    const std::string& text = properties.get_ref<const std::string&>();
    if (text.find(opening) == std::string::npos) return properties;
    // Once, from the left: what a value holds is not looked at again.
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t next = text.find(opening, at);
      const std::size_t end = next == std::string::npos ? next : text.find(closing, next);
      out += text.substr(at, end == std::string::npos ? end : next - at);
      if (end == std::string::npos) return out;
      const std::string reference = text.substr(next, end + closing.size() - next);
      const auto value = values.find(reference);
      out += value != values.end() ? value->second : reference;
      at = end + closing.size();
    }
  }
  if (!properties.is_structured()) return properties;
  Json out = properties;
  for (Json& each : out) each = with_dynamic_values(each, values);
  return out;
}

Result<std::string> value_of_secret(const DynamicReference& reference, const Json& answer) {
  const auto text = answer.find("SecretString");
  if (text == answer.end() || !text->is_string())
    return validation_error(
        fmt::format("Secret {} has no SecretString: only that can be referred to.", reference.name));
  if (reference.json_key.empty()) return text->get<std::string>();
  const Json document = parse_bounded<Json>(text->get_ref<const std::string&>());
  if (!document.is_object()) return validation_error("Could not parse SecretString JSON");
  const auto member = document.find(reference.json_key);
  if (member == document.end())
    return validation_error("Could not find a value associated with JSONKey in SecretString");
  return member->is_string() ? member->get<std::string>() : member->dump();
}

}  // namespace aviary::cloudformation
