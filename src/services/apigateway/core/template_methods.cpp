#include "services/apigateway/core/template_methods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/apigateway/core/json_path.hpp"

namespace aviary::apigateway {
namespace {

using Values = std::vector<OrderedJson>;

/// Of texts and lists that methods make: what grows beyond is cut, nothing doubles without end.
constexpr std::size_t most_characters = 10 * 1024 * 1024;
constexpr std::size_t most_elements = 100'000;

std::string text_at(const Values& values, std::size_t at) {
  return at < values.size() ? template_text(values[at]) : std::string();
}

std::size_t index_at(const Values& values, std::size_t at, std::size_t most) {
  if (at >= values.size() || !values[at].is_number_integer()) return most;
  const auto given = values[at].get<std::int64_t>();
  return given < 0 ? 0 : std::min(most, static_cast<std::size_t>(given));
}

std::string with_case(std::string text, int (*change)(int)) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string::npos ? std::string()
                                    : text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(from); found != std::string::npos && out.size() < most_characters;
       found = text.find(from, at)) {
    out += text.substr(at, found - at) + to;
    at = found + from.size();
  }
  return out + text.substr(at);
}

/// Separators are texts here, not patterns; Java's trailing empty parts are dropped too.
OrderedJson split(const std::string& text, const std::string& separator) {
  OrderedJson parts = OrderedJson::array();
  std::size_t at = 0;
  while (!separator.empty()) {
    const std::size_t found = text.find(separator, at);
    if (found == std::string::npos) break;
    parts.push_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.push_back(text.substr(at));
  while (parts.size() > 1 && parts.back() == "") parts.erase(parts.size() - 1);
  return parts;
}

std::optional<OrderedJson> string_method(const std::string& text, std::string_view name,
                                         const Values& arguments) {
  const std::string first = text_at(arguments, 0);
  if (name == "length") return text.size();
  if (name == "isEmpty") return text.empty();
  if (name == "equals") return text == first;
  if (name == "equalsIgnoreCase") return with_case(text, std::tolower) == with_case(first, std::tolower);
  if (name == "contains") return text.find(first) != std::string::npos;
  if (name == "startsWith") return text.starts_with(first);
  if (name == "endsWith") return text.ends_with(first);
  if (name == "toUpperCase") return with_case(text, std::toupper);
  if (name == "toLowerCase") return with_case(text, std::tolower);
  if (name == "trim") return trimmed(text);
  if (name == "concat") return text + first;
  if (name == "replace" || name == "replaceAll") {
    // Of patterns there is what templates mostly use: an escaped character.
    std::string from = first;
    if (name == "replaceAll" && from.size() == 2 && from[0] == '\\') from.erase(0, 1);
    return replaced(text, from, text_at(arguments, 1));
  }
  if (name == "split") {
    std::string separator = first;
    if (separator.size() == 2 && separator[0] == '\\') separator.erase(0, 1);
    return split(text, separator);
  }
  if (name == "indexOf" || name == "lastIndexOf") {
    const std::size_t found = name == "indexOf" ? text.find(first) : text.rfind(first);
    return found == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(found);
  }
  if (name == "substring") {
    const std::size_t start = index_at(arguments, 0, text.size());
    const std::size_t end = std::max(start, index_at(arguments, 1, text.size()));
    return text.substr(start, end - start);
  }
  return std::nullopt;
}

std::optional<OrderedJson> list_method(OrderedJson& list, std::string_view name, const Values& arguments) {
  if (name == "size") return list.size();
  if (name == "isEmpty") return list.empty();
  if (name == "get") {
    const OrderedJson* found = arguments.empty() ? nullptr : member_of_value(list, arguments[0]);
    return found ? std::optional(*found) : std::nullopt;
  }
  if (name == "contains") return !arguments.empty() && std::ranges::find(list, arguments[0]) != list.end();
  if (list.size() > most_elements && name.starts_with("add")) return std::nullopt;
  if (name == "add" && !arguments.empty()) {
    list.push_back(arguments.back());
    return true;
  }
  if (name == "addAll" && !arguments.empty() && arguments[0].is_array()) {
    for (const OrderedJson& each : arguments[0]) list.push_back(each);
    return true;
  }
  if (name == "remove") {
    const std::size_t at = index_at(arguments, 0, list.size());
    if (at >= list.size()) return std::nullopt;
    OrderedJson gone = list[at];
    list.erase(at);
    return gone;
  }
  return std::nullopt;
}

std::optional<OrderedJson> map_method(OrderedJson& map, std::string_view name, const Values& arguments) {
  if (name == "size") return map.size();
  if (name == "isEmpty") return map.empty();
  if (name == "containsKey") return map.contains(text_at(arguments, 0));
  if (name == "get" || name == "getOrDefault") {
    const auto found = map.find(text_at(arguments, 0));
    if (found != map.end()) return *found;
    return name == "get" || arguments.size() < 2 ? std::nullopt : std::optional(arguments[1]);
  }
  if (name == "keySet" || name == "values" || name == "entrySet") {
    OrderedJson list = OrderedJson::array();
    for (const auto& [key, value] : map.items()) {
      if (name == "keySet")
        list.push_back(key);
      else if (name == "values")
        list.push_back(value);
      else
        list.push_back({{"key", key}, {"value", value}});
    }
    return list;
  }
  if (name == "put" && arguments.size() > 1) {
    map[text_at(arguments, 0)] = arguments[1];
    return OrderedJson("");
  }
  if (name == "putAll" && !arguments.empty() && arguments[0].is_object()) {
    for (const auto& [key, value] : arguments[0].items()) map[key] = value;
    return OrderedJson("");
  }
  if (name == "remove") {
    const std::string key = text_at(arguments, 0);
    if (!map.contains(key)) return std::nullopt;
    OrderedJson gone = map[key];
    map.erase(key);
    return gone;
  }
  // An entry of entrySet().
  if (name == "getKey" && map.contains("key")) return map["key"];
  if (name == "getValue" && map.contains("value")) return map["value"];
  return std::nullopt;
}

/// JavaScript's escapes, the single quote among them, as the developer guide says.
std::string escape_java_script(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '/':
        out += "\\/";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04X}", static_cast<int>(c));
        else
          out += c;
    }
  }
  return out;
}

std::optional<double> as_number(const OrderedJson& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string compact(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

std::string template_text(const OrderedJson& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return compact(value);
  std::string out(value.is_array() ? "[" : "{");
  bool first = true;
  for (const auto& [key, each] : value.items()) {
    if (!std::exchange(first, false)) out += ", ";
    if (value.is_object()) out += key + "=";
    out += template_text(each);
  }
  return out + (value.is_array() ? "]" : "}");
}

bool is_true(const OrderedJson& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_null()) return false;
  if (value.is_string() || value.is_structured())
    return value.is_string() ? !value.get_ref<const std::string&>().empty() : !value.empty();
  return value != 0;
}

OrderedJson combine(std::string_view operation, const OrderedJson& left, const OrderedJson& right) {
  const std::optional<double> a = as_number(left);
  const std::optional<double> b = as_number(right);
  if (operation == "==" || operation == "!=") {
    const bool equal = left == right || (left.type() != right.type() && !(a && b) &&
                                         template_text(left) == template_text(right));
    return (operation == "==") == equal;
  }
  if (operation == "+" && (left.is_string() || right.is_string()))
    return template_text(left) + template_text(right);
  if (!a || !b)
    return operation.find_first_of("<>") != std::string_view::npos ? OrderedJson(false)
                                                                   : OrderedJson(nullptr);
  if (operation == "<") return *a < *b;
  if (operation == ">") return *a > *b;
  if (operation == "<=") return *a <= *b;
  if (operation == ">=") return *a >= *b;
  if (left.is_number_integer() && right.is_number_integer()) {
    const auto x = left.get<std::int64_t>();
    const auto y = right.get<std::int64_t>();
    std::int64_t result = 0;
    if (operation == "+")
      return __builtin_add_overflow(x, y, &result) ? OrderedJson(nullptr) : OrderedJson(result);
    if (operation == "-")
      return __builtin_sub_overflow(x, y, &result) ? OrderedJson(nullptr) : OrderedJson(result);
    if (operation == "*")
      return __builtin_mul_overflow(x, y, &result) ? OrderedJson(nullptr) : OrderedJson(result);
    // Null as in Velocity; the smallest number has no opposite.
    if (y == 0) return nullptr;
    if (y == -1) return operation == "/" ? combine("-", 0, left) : OrderedJson(0);
    return operation == "/" ? x / y : x % y;
  }
  if (operation == "+") return *a + *b;
  if (operation == "-") return *a - *b;
  if (operation == "*") return *a * *b;
  if (*b == 0) return nullptr;
  return operation == "/" ? *a / *b : std::fmod(*a, *b);
}

const OrderedJson* member_of_value(const OrderedJson& value, const OrderedJson& key) {
  if (value.is_object()) {
    const auto found = value.find(template_text(key));
    return found != value.end() ? &*found : nullptr;
  }
  if (!value.is_array() || !key.is_number_integer()) return nullptr;
  const auto index = key.get<std::int64_t>();
  return index >= 0 && index < static_cast<std::int64_t>(value.size())
             ? &value[static_cast<std::size_t>(index)]
             : nullptr;
}

std::optional<OrderedJson> call_method(OrderedJson& value, std::string_view name,
                                       const std::vector<OrderedJson>& arguments) {
  if (name == "toString") return template_text(value);
  if (value.is_string()) return string_method(value.get<std::string>(), name, arguments);
  if (value.is_array()) return list_method(value, name, arguments);
  if (value.is_object()) return map_method(value, name, arguments);
  if (name == "equals") return !arguments.empty() && value == arguments[0];
  return std::nullopt;
}

bool changes_its_value(std::string_view method) {
  static constexpr std::array<std::string_view, 5> changing{"add", "addAll", "put", "putAll", "remove"};
  return std::ranges::find(changing, method) != changing.end();
}

std::optional<OrderedJson> input_function(std::string_view name, const std::vector<OrderedJson>& arguments,
                                          const TemplateInput& input) {
  if (name == "params") {
    if (arguments.empty()) return input.params;
    // The path first, then the query, then the headers.
    const std::string wanted = text_at(arguments, 0);
    for (const char* place : {"path", "querystring", "header"}) {
      const auto map = input.params.find(place);
      if (map == input.params.end()) continue;
      if (const auto found = map->find(wanted); found != map->end()) return *found;
    }
    return OrderedJson("");
  }
  if (name != "path" && name != "json") return std::nullopt;
  OrderedJson document = parse_bounded<OrderedJson>(input.body);
  if (input.body.empty()) document = OrderedJson::object();
  if (document.is_discarded()) document = input.body;
  const std::optional<OrderedJson> found = find_by_path(document, text_at(arguments, 0));
  if (name == "json") return found ? compact(*found) : std::string("\"\"");
  return found;
}

bool is_util_function(std::string_view name) {
  static constexpr std::array<std::string_view, 6> known{"escapeJavaScript", "parseJson",    "urlEncode",
                                                         "urlDecode",        "base64Encode", "base64Decode"};
  return std::ranges::find(known, name) != known.end();
}

std::optional<OrderedJson> util_function(std::string_view name, const std::vector<OrderedJson>& arguments) {
  const std::string text =
      arguments.empty() || arguments[0].is_null() ? std::string() : text_at(arguments, 0);
  if (name == "escapeJavaScript") return escape_java_script(text);
  if (name == "urlEncode") return percent_encode(text);
  if (name == "base64Encode") return base64_encode(text);
  if (name == "urlDecode") {
    std::optional<std::string> decoded = percent_decode(text, true);
    return decoded ? std::optional<OrderedJson>(std::move(*decoded)) : std::nullopt;
  }
  if (name == "base64Decode") {
    std::optional<std::string> decoded = base64_decode(text);
    return decoded ? std::optional<OrderedJson>(std::move(*decoded)) : std::nullopt;
  }
  OrderedJson parsed = parse_bounded<OrderedJson>(text);
  return parsed.is_discarded() ? std::nullopt : std::optional(std::move(parsed));
}

}  // namespace aviary::apigateway
