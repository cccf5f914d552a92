#include "services/apigateway/core/routing_rules.hpp"

#include <algorithm>

#include "base/document.hpp"
#include "base/wildcard.hpp"

namespace aviary::apigateway {

bool is_below_key(std::string_view path, std::string_view key) {
  if (key.empty()) return true;
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '/');
}

bool is_mapping_key(std::string_view key) {
  return key.empty() || (key.front() != '/' && key.back() != '/' && key.find("//") == std::string_view::npos);
}

bool matches_glob(std::string_view value, std::string_view glob) {
  return matches_stars(
      glob, value, [](char symbol) { return symbol == '*'; }, [](char a, char b) { return a == b; });
}

bool rule_matches(const Json& rule, std::string_view path, const HeaderOf& header, std::string& base_path) {
  for (const Json& condition : rule.at("Conditions")) {
    if (const Json* paths = find_member(condition, "MatchBasePaths")) {
      const std::vector<std::string> any = texts_of(*paths, "AnyOf");
      const auto found =
          std::ranges::find_if(any, [&](const std::string& each) { return is_below_key(path, each); });
      if (found == any.end()) return false;
      base_path = *found;
    } else if (const Json* headers = find_member(condition, "MatchHeaders")) {
      const Json& any = headers->at("AnyOf");
      const bool holds = std::ranges::any_of(any, [&](const Json& each) {
        const std::string_view value = header ? header(text_of(each, "Header")) : std::string_view{};
        return !value.empty() && matches_glob(value, text_of(each, "ValueGlob"));
      });
      if (!holds) return false;
    }
  }
  return true;
}

}  // namespace aviary::apigateway
