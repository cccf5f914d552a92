#include "services/ssm/core/filters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "models/ssm.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

std::string key_of_filter(const Json& filter) { return filter.value("Key", std::string()); }

std::string option_of(const Json& filter) {
  return filter.value("Option", key_of_filter(filter) == "Path" ? "OneLevel" : "Equals");
}

/// What a filter looks at; a tag's name is part of the key.
std::vector<std::string> looked_at(const Parameter& parameter, const std::string& key) {
  const Version& latest = parameter.latest();
  if (key == "Name") return {parameter.name};
  if (key == "Type") return {latest.type};
  if (key == "Tier") return {latest.tier};
  if (key == "DataType") return {latest.data_type};
  if (key == "KeyId") return latest.key_id.empty() ? std::vector<std::string>{} : std::vector{latest.key_id};
  if (key == "Label") {
    std::vector<std::string> labels;
    for (const Version& each : parameter.versions)
      labels.insert(labels.end(), each.labels.begin(), each.labels.end());
    return labels;
  }
  const auto tag = parameter.tags.find(key.substr(key.find(':') + 1));
  return tag != parameter.tags.end() ? std::vector{tag->second} : std::vector<std::string>{};
}

bool compares(const std::string& text, const std::string& value, const std::string& option) {
  if (option == "BeginsWith") return text.starts_with(value);
  if (option == "Contains") return text.find(value) != std::string::npos;
  return text == value;
}

bool holds(const Parameter& parameter, const Json& filter) {
  const std::string key = key_of_filter(filter);
  const std::string option = option_of(filter);
  const Json values = filter.value("Values", Json::array());
  if (key == "Path")
    return std::ranges::any_of(values, [&](const Json& path) {
      return is_under(parameter.name, path.get<std::string>(), option == "Recursive");
    });
  const std::vector<std::string> texts = looked_at(parameter, key);
  if (values.empty()) return !texts.empty();  // tag:… alone: it is there
  return std::ranges::any_of(texts, [&](const std::string& text) {
    return std::ranges::any_of(
        values, [&](const Json& value) { return compares(text, value.get<std::string>(), option); });
  });
}

}  // namespace

Result<> check_filters(const Json& filters, FilterUse use) {
  std::set<std::string> seen;
  const bool by_path = use == FilterUse::ByPath;
  for (const Json& filter : filters) {
    const std::string key = key_of_filter(filter);
    const std::string option = option_of(filter);
    const Json values = filter.value("Values", Json::array());
    const bool is_tag = key.starts_with("tag:");
    if ((!by_path && key == "Label") ||
        (by_path && (key == "Name" || key == "Path" || key == "Tier" || is_tag)))
      return AwsError(
          errors::InvalidFilterKey,
          fmt::format("The following filter key is not valid: {}. Valid filter keys include: [{}].", key,
                      by_path ? "Type, KeyId" : "Path, Name, Type, KeyId, Tier"));
    if (!seen.insert(key).second)
      return AwsError(
          errors::ValidationException,
          fmt::format("The following filter is duplicated in the request: {}. A request can contain "
                      "only one occurrence of a specific filter.",
                      key));
    if (values.empty() && !is_tag)
      return AwsError(errors::InvalidFilterValue,
                      fmt::format("The following filter values are missing : null for filter key {}.", key));
    static constexpr std::string_view path_options = "Recursive, OneLevel";
    static constexpr std::string_view name_options = "BeginsWith, Equals";
    const bool fits = key == "Path"   ? option == "Recursive" || option == "OneLevel"
                      : key == "Name" ? option == "BeginsWith" || option == "Equals" || option == "Contains"
                                      : option == "BeginsWith" || option == "Equals";
    if (!fits)
      return AwsError(
          errors::InvalidFilterOption,
          fmt::format("The following filter option is not valid: {}. Valid options include: [{}].", option,
                      key == "Path" ? path_options : name_options));
    for (const Json& value : values) {
      const std::string text = value.get<std::string>();
      if (key == "Path" && !text.starts_with('/'))
        return AwsError(
            errors::ValidationException,
            fmt::format("The parameter doesn't meet the parameter name requirements. The parameter "
                        "name must begin with a forward slash \"/\". It can't be prefixed with "
                        "\"aws\" or \"ssm\" (case-insensitive)."));
      if (key == "Type" && option == "Equals" && text != "String" && text != "StringList" &&
          text != "SecureString")
        return AwsError(errors::InvalidFilterOption,
                        "The following filter value is not valid. Valid values include: [String, StringList, "
                        "SecureString].");
    }
  }
  return {};
}

bool matches_filters(const Parameter& parameter, const Json& filters) {
  return std::ranges::all_of(filters, [&](const Json& filter) { return holds(parameter, filter); });
}

bool is_under(std::string_view name, std::string_view path, bool recursive) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!name.starts_with('/')) return path.empty();
  if (name.size() <= path.size() || !name.starts_with(path) || name[path.size()] != '/') return false;
  return recursive || name.find('/', path.size() + 1) == std::string_view::npos;
}

}  // namespace aviary::ssm
