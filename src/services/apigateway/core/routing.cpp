#include "services/apigateway/core/routing.hpp"

#include <algorithm>
#include <cctype>

#include "base/encoding.hpp"

namespace aviary::apigateway {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  }
  return segments;
}

std::string decoded(std::string_view text) { return percent_decode(text).value_or(std::string(text)); }

bool is_variable(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

bool is_path_part(std::string_view part) {
  const bool variable = part.size() > 2 && part.front() == '{' && part.back() == '}';
  if (variable) {
    part = part.substr(1, part.size() - 2);
    if (part.ends_with('+')) part.remove_suffix(1);
  }
  return !part.empty() && std::ranges::all_of(part, [](unsigned char c) {
    return std::isalnum(c) || std::string_view("._-:").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::optional<std::vector<std::string>> resource_segments(std::string_view path) {
  constexpr std::size_t most = 100;
  std::vector<std::string> segments;
  for (const std::string_view segment : segments_of(path)) {
    if (segments.size() == most || !is_path_part(segment)) return std::nullopt;
    segments.emplace_back(segment);
  }
  return segments;
}

std::optional<PathMatch> match_path(std::string_view pattern, std::string_view path) {
  const std::vector<std::string_view> wanted = segments_of(pattern);
  const std::vector<std::string_view> given = segments_of(path);
  PathMatch match;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= given.size()) return std::nullopt;
    const std::string_view segment = wanted[i];
    if (is_variable(segment) && segment.ends_with("+}")) {
      std::string rest;
      for (std::size_t k = i; k < given.size(); ++k) rest += (k == i ? "" : "/") + decoded(given[k]);
      match.parameters.emplace_back(segment.substr(1, segment.size() - 3), std::move(rest));
      match.rank += 'a';
      return match;
    }
    if (is_variable(segment)) {
      if (given[i].empty()) return std::nullopt;
      match.parameters.emplace_back(segment.substr(1, segment.size() - 2), decoded(given[i]));
      match.rank += 'b';
    } else if (segment == given[i] || segment == decoded(given[i])) {
      match.rank += 'c';
    } else {
      return std::nullopt;
    }
  }
  if (given.size() != wanted.size()) return std::nullopt;
  return match;
}

std::optional<RouteChoice> choose_route(const std::vector<std::string>& route_keys, std::string_view method,
                                        std::string_view path) {
  std::optional<RouteChoice> best;
  for (std::size_t i = 0; i < route_keys.size(); ++i) {
    const std::string& key = route_keys[i];
    RouteChoice choice{i, {}};
    if (key != "$default") {
      const std::size_t space = key.find(' ');
      const std::string_view wanted = std::string_view(key).substr(0, space);
      if (space == std::string::npos || (wanted != "ANY" && wanted != method)) continue;
      std::optional<PathMatch> match = match_path(std::string_view(key).substr(space + 1), path);
      if (!match) continue;
      choice.match = std::move(*match);
      const bool greedy = choice.match.rank.find('a') != std::string::npos;
      choice.match.rank = (greedy ? '1' : '2') + choice.match.rank + (wanted == "ANY" ? '0' : '1');
    }
    if (!best || choice.match.rank > best->match.rank) best = std::move(choice);
  }
  return best;
}

std::string function_in_uri(std::string_view uri) {
  constexpr std::string_view before = "/functions/";
  constexpr std::string_view after = "/invocations";
  if (uri.starts_with("arn:") && uri.find(":lambda:path/") != std::string_view::npos) {
    const std::size_t start = uri.find(before);
    if (start == std::string_view::npos || !uri.ends_with(after)) return {};
    uri.remove_prefix(start + before.size());
    uri.remove_suffix(after.size());
  }
  return uri.starts_with("arn:") && uri.find(":lambda:") != std::string_view::npos &&
                 uri.find(":function:") != std::string_view::npos
             ? std::string(uri)
             : std::string();
}

bool is_http_address(std::string_view uri) {
  if (uri.starts_with("${stageVariables.")) return true;
  for (const std::string_view scheme : {"http://", "https://"})
    if (uri.starts_with(scheme)) return uri.size() > scheme.size() && uri[scheme.size()] != '/';
  return false;
}

std::string with_stage_variables(std::string_view text,
                                 const std::vector<std::pair<std::string, std::string>>& variables) {
  constexpr std::string_view open = "${stageVariables.";
  std::string out;
  while (true) {
    const std::size_t start = text.find(open);
    const std::size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) return out + std::string(text);
    out += text.substr(0, start);
    const std::string_view name = text.substr(start + open.size(), end - start - open.size());
    const auto found = std::ranges::find(variables, name, [](const auto& each) { return each.first; });
    if (found != variables.end()) out += found->second;
    text.remove_prefix(end + 1);
  }
}

}  // namespace aviary::apigateway
