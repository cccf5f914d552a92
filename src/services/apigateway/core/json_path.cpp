#include "services/apigateway/core/json_path.hpp"

#include <charconv>
#include <string>
#include <vector>

namespace aviary::apigateway {
namespace {

using Found = std::vector<const OrderedJson*>;

constexpr int deepest_search = 100;
constexpr std::size_t most_found = 100'000;

void collect_named(const OrderedJson& value, const std::string& name, Found& found, int depth) {
  if (depth > deepest_search || found.size() > most_found) return;
  if (value.is_object()) {
    if (name == "*")
      for (const auto& each : value) found.push_back(&each);
    else if (const auto at = value.find(name); at != value.end())
      found.push_back(&*at);
  }
  if (value.is_structured())
    for (const auto& each : value) collect_named(each, name, found, depth + 1);
}

Found members(const Found& from, const std::string& name) {
  Found found;
  for (const OrderedJson* each : from) {
    if (name == "*" && each->is_structured()) {
      for (const auto& inner : *each) found.push_back(&inner);
    } else if (each->is_object()) {
      if (const auto at = each->find(name); at != each->end()) found.push_back(&*at);
    }
  }
  return found;
}

Found elements(const Found& from, long index) {
  Found found;
  for (const OrderedJson* each : from) {
    if (!each->is_array()) continue;
    const long size = static_cast<long>(each->size());
    const long at = index < 0 ? size + index : index;
    if (at >= 0 && at < size) found.push_back(&(*each)[static_cast<std::size_t>(at)]);
  }
  return found;
}

}  // namespace

std::optional<OrderedJson> find_by_path(const OrderedJson& document, std::string_view path) {
  if (!path.starts_with('$')) return std::nullopt;
  path.remove_prefix(1);
  Found found{&document};
  bool many = false;
  while (!path.empty()) {
    if (path.front() == '.') {
      const bool deep = path.starts_with("..");
      path.remove_prefix(deep ? 2 : 1);
      const std::size_t end = path.find_first_of(".[");
      const std::string name(path.substr(0, end));
      if (name.empty()) return std::nullopt;
      path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
      many = many || deep || name == "*";
      if (!deep) {
        found = members(found, name);
        continue;
      }
      Found all;
      for (const OrderedJson* each : found) collect_named(*each, name, all, 0);
      if (all.size() > most_found) return std::nullopt;
      found = std::move(all);
    } else if (path.front() == '[') {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view inner = path.substr(1, end - 1);
      path.remove_prefix(end + 1);
      if (inner == "*") {
        many = true;
        found = members(found, "*");
      } else if (inner.size() > 1 && (inner.front() == '\'' || inner.front() == '"') &&
                 inner.back() == inner.front()) {
        found = members(found, std::string(inner.substr(1, inner.size() - 2)));
      } else {
        long index = 0;
        const auto [stop, problem] = std::from_chars(inner.data(), inner.data() + inner.size(), index);
        if (problem != std::errc{} || stop != inner.data() + inner.size()) return std::nullopt;
        found = elements(found, index);
      }
    } else {
      return std::nullopt;
    }
  }
  if (many) {
    OrderedJson list = OrderedJson::array();
    for (const OrderedJson* each : found) list.push_back(*each);
    return list;
  }
  return found.empty() ? std::nullopt : std::optional(*found.front());
}

}  // namespace aviary::apigateway
