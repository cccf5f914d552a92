#include "services/apigateway/core/patch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"

namespace aviary::apigateway {
namespace {

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return pattern.size() == path.size() && std::equal(pattern.begin(), pattern.end(), path.begin(),
                                                     [](const std::string& a, const std::string& b) {
                                                       return a == "*" ? !b.empty() : a == b;
                                                     });
}

const PatchRule* rule_for(std::span<const PatchRule> rules, const std::vector<std::string>& path) {
  const auto found = std::ranges::find_if(
      rules, [&](const PatchRule& rule) { return fits(patch_segments(rule.path), path); });
  return found == rules.end() ? nullptr : &*found;
}

std::string no_such_path(std::string_view path, std::string_view op, std::span<const PatchRule> rules) {
  std::vector<std::string_view> known;
  for (const PatchRule& rule : rules) known.push_back(rule.path);
  return fmt::format("Invalid patch path  '{}' specified for op '{}'. Must be one of: [{}]", path, op,
                     fmt::join(known, ", "));
}

/// Null if there is nothing.
Json* place_of(Json& document, const std::vector<std::string>& path, std::size_t depth, bool makes) {
  Json* place = &document;
  for (std::size_t i = 0; i < depth; ++i) {
    if (!place->is_object()) {
      if (!makes || !place->is_null()) return nullptr;
      *place = Json::object();
    }
    const auto found = place->find(path[i]);
    if (found == place->end() && !makes) return nullptr;
    place = found == place->end() ? &(*place)[path[i]] : &*found;
  }
  return place;
}

void change_list(Json& list, const std::string& entry, std::string_view op, const Json& value) {
  if (!list.is_array()) list = Json::array();
  const auto found = std::ranges::find(list, Json(entry));
  if (op == "remove") {
    if (found != list.end()) list.erase(found);
  } else if (op == "replace" && value.is_string() && found != list.end()) {
    *found = value;
  } else if (found == list.end()) {
    list.push_back(op == "replace" && value.is_string() ? value : Json(entry));
  }
}

std::string copy_value(Json& document, const Json& operation, const std::vector<std::string>& path) {
  const std::vector<std::string> from = patch_segments(text_of(operation, "from"));
  const Json* source = place_of(document, from, from.size(), false);
  if (source == nullptr || source->is_null()) return "Invalid patch operation: 'from' names nothing";
  const Json copy = *source;
  Json* place = place_of(document, path, path.size(), true);
  if (place != nullptr) *place = copy;
  return {};
}

}  // namespace

std::vector<std::string> patch_segments(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    std::string segment;
    for (std::string_view part = path.substr(0, slash); !part.empty(); part.remove_prefix(1)) {
      if (part.starts_with("~1") || part.starts_with("~0")) {
        segment += part[1] == '1' ? '/' : '~';
        part.remove_prefix(1);
      } else {
        segment += part.front();
      }
    }
    segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

Json patch_value(PatchKind kind, const std::string& text) {
  if (kind == PatchKind::Text || kind == PatchKind::List) return text;
  if (kind == PatchKind::Flag) {
    if (text == "true" || text == "True") return true;
    return text == "false" || text == "False" ? Json(false) : Json();
  }
  const Json number = parse_bounded<Json>(text);
  if (kind == PatchKind::Integer) return number.is_number_integer() ? number : Json();
  return number.is_number() ? Json(number.get<double>()) : Json();
}

std::string apply_patch(Json& document, const Json& operations, std::span<const PatchRule> rules) {
  if (!operations.is_array()) return {};
  for (const Json& operation : operations) {
    const std::string& op = text_of(operation, "op");
    const std::string& path_text = text_of(operation, "path");
    const std::vector<std::string> path = patch_segments(path_text);
    if (op == "test" || op == "move")
      return fmt::format("Invalid patch operation specified. Must be one of: [add, remove, replace, copy]");
    // Removing a whole map or list is fine too.
    const PatchRule* rule = rule_for(rules, path);
    if (rule == nullptr && op == "remove" && path.size() == 1 &&
        std::ranges::any_of(rules,
                            [&](const PatchRule& each) { return each.path.starts_with(path_text + "/"); })) {
      document.erase(path.front());
      continue;
    }
    if (rule == nullptr) return no_such_path(path_text, op, rules);
    const Json* value = find_member(operation, "value");
    if (op == "copy") {
      if (std::string problem = copy_value(document, operation, path); !problem.empty()) return problem;
    } else if (rule->kind == PatchKind::List) {
      if (Json* list = place_of(document, path, path.size() - 1, true))
        change_list(*list, path.back(), op, value != nullptr ? *value : Json());
    } else if (op == "remove") {
      Json* owner = place_of(document, path, path.size() - 1, false);
      if (owner != nullptr && owner->is_object()) owner->erase(path.back());
    } else {
      if (value == nullptr && rule->kind != PatchKind::Text)
        return fmt::format("Invalid null or empty value in {}", path_text);
      const Json wanted = patch_value(rule->kind, value != nullptr ? text_of(operation, "value") : "");
      if (wanted.is_null())
        return fmt::format("Invalid value '{}' for {}", text_of(operation, "value"), path_text);
      Json* place = place_of(document, path, path.size(), true);
      if (place == nullptr) return fmt::format("Invalid patch path {}", path_text);
      *place = wanted;
    }
  }
  return {};
}

}  // namespace aviary::apigateway
