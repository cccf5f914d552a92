#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/encoding.hpp"
#include "services/iam/core/action_map.hpp"

/// Fills what the rows of action_rows.cpp leave open.
namespace aviary::iam {
namespace {

void collect(const Json& value, std::string_view path, std::vector<std::string>& found) {
  if (value.is_array()) {
    for (const Json& each : value) collect(each, path, found);
  } else if (path.empty()) {
    if (value.is_string()) found.push_back(value.get<std::string>());
    if (value.is_number() || value.is_boolean()) found.push_back(value.dump());
  } else if (value.is_object()) {
    const std::size_t dot = path.find('.');
    const auto member = value.find(std::string(path.substr(0, dot)));
    // One of many that does not say it is one too.
    if (member == value.end()) {
      found.emplace_back();
      return;
    }
    collect(*member, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), found);
  }
}

bool is_arn(std::string_view text) { return text.starts_with("arn:"); }

std::string_view after_last(std::string_view text, char mark) {
  const std::size_t at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

using Filter = std::string (*)(const std::string& value, const Json& input, const Place& place);

/// `name`, `name:qualifier`, `account:function:name`, an ARN; with the request's qualifier.
std::string function_filter(const std::string& value, const Json& input, const Place& place) {
  std::string arn = value;
  if (!is_arn(arn)) {
    const std::size_t mark = arn.find(":function:");
    const std::string account = mark == std::string::npos ? place.account : arn.substr(0, mark);
    const std::string name = mark == std::string::npos ? arn : arn.substr(mark + 10);
    arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", place.region, account, name);
  }
  const bool qualified = std::ranges::count(arn, ':') > 6;
  const std::string qualifier = input.value("Qualifier", std::string());
  return qualified || qualifier.empty() ? arn : arn + ':' + qualifier;
}

/// `http://host/123456789012/name`, or a path with an account before it, as account and name.
std::string queue_filter(const std::string& value, const Json&, const Place& place) {
  const std::string_view name = after_last(value, '/');
  if (name.size() == value.size()) return fmt::format("{}:{}", place.account, name);
  const std::string_view before = std::string_view(value).substr(0, value.size() - name.size() - 1);
  const std::string_view account = after_last(before, '/');
  const bool digits = account.size() == 12 && account.find_first_not_of("0123456789") == std::string::npos;
  return fmt::format("{}:{}", digits ? account : std::string_view(place.account), name);
}

/// The topic of a subscription.
std::string topic_filter(const std::string& value, const Json&, const Place&) {
  return std::ranges::count(value, ':') > 5 ? value.substr(0, value.rfind(':')) : value;
}

/// `bucket/key?versionId=…`, percent-encoded, as the resource that it is.
std::string source_filter(const std::string& value, const Json&, const Place&) {
  std::string text = percent_decode(value.substr(0, value.find('?'))).value_or(value);
  if (text.starts_with('/')) text.erase(0, 1);
  return text;
}

/// A parameter's name without the slash in front, its version or its label.
std::string path_filter(const std::string& value, const Json&, const Place&) {
  if (is_arn(value)) return value;
  std::string text = value.substr(0, value.find(':'));
  if (text.starts_with('/')) text.erase(0, 1);
  if (text.ends_with('/')) text.pop_back();
  return text;
}

/// What Systems Manager tags, as its ARNs name it: `MaintenanceWindow` is `maintenancewindow`.
std::string tagged_filter(const std::string& value, const Json&, const Place&) {
  std::string text = value;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string bus_name(const std::string& value) {
  return value.empty() ? "default" : std::string(is_arn(value) ? after_last(value, '/') : value);
}
std::string bus_filter(const std::string& value, const Json&, const Place&) { return bus_name(value); }
/// What is in a rule's ARN before its name.
std::string rule_filter(const std::string& value, const Json&, const Place&) {
  const std::string bus = bus_name(value);
  return bus == "default" ? std::string() : bus + '/';
}

std::string stack_filter(const std::string& value, const Json&, const Place& place) {
  if (is_arn(value)) return value;
  return fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/*", place.region, place.account, value);
}

std::string slash_filter(const std::string& value, const Json&, const Place&) {
  return value.empty() ? "/" : value;
}
std::string maybe_filter(const std::string& value, const Json&, const Place&) { return value; }

struct NamedFilter {
  std::string_view name;
  Filter filter;
  bool optional;  ///< is asked also where the member is not there
};
constexpr std::array filters{
    NamedFilter{"function", function_filter, false}, NamedFilter{"queue", queue_filter, false},
    NamedFilter{"topic", topic_filter, false},       NamedFilter{"source", source_filter, false},
    NamedFilter{"path", path_filter, false},         NamedFilter{"bus", bus_filter, true},
    NamedFilter{"rule", rule_filter, true},          NamedFilter{"stack", stack_filter, false},
    NamedFilter{"slash", slash_filter, true},        NamedFilter{"maybe", maybe_filter, true},
    NamedFilter{"tagged", tagged_filter, false},
};

std::vector<std::string> values_of(std::string_view inside, const Json& input, const Place& place) {
  if (inside == "$region") return {place.region};
  if (inside == "$account") return {place.account};
  if (inside == "$caller") return {place.caller};
  const std::size_t bar = inside.find('|');
  std::vector<std::string> values;
  const std::string_view path = inside.substr(0, bar);
  const std::string first(path.substr(0, path.find('.')));
  if (input.contains(first)) collect(input, path, values);
  if (bar == std::string_view::npos) {
    std::erase(values, std::string());
    return values;
  }
  const auto found = std::ranges::find(filters, inside.substr(bar + 1), &NamedFilter::name);
  if (found == filters.end()) return {};
  if (!found->optional) std::erase(values, std::string());
  if (found->optional && values.empty()) values.emplace_back();
  for (std::string& value : values) value = found->filter(value, input, place);
  return values;
}

}  // namespace

std::vector<std::string> fill_template(std::string_view pattern, const Json& input, const Place& place) {
  std::vector<std::string> texts{std::string()};
  bool first = true;  // what comes after a name is part of it, whatever it looks like
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    for (std::string& text : texts) text += pattern.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = pattern.find('}', open);
    const std::string_view inside = pattern.substr(open + 1, close - open - 1);
    const std::vector<std::string> values = values_of(inside, input, place);
    std::vector<std::string> longer;
    for (const std::string& text : texts)
      for (const std::string& value : values) longer.push_back(first && is_arn(value) ? value : text + value);
    texts = std::move(longer);
    first = first && inside.starts_with('$');
    pattern.remove_prefix(close + 1);
  }
  return texts;
}

}  // namespace aviary::iam
