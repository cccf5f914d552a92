#include "services/lambda/core/function_reference.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

/// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: words of lower-case letters, ended by a one-digit one.
bool is_region(std::string_view part) {
  const std::size_t dash = part.rfind('-');
  if (dash == std::string_view::npos || part.size() != dash + 2 || !is_digit(part.back())) return false;
  const std::string_view words = part.substr(0, dash);
  return words.find('-') != std::string_view::npos && words.front() != '-' && words.back() != '-' &&
         std::ranges::all_of(words, [](char c) { return is_lower(c) || c == '-'; });
}

bool is_account(std::string_view part) { return part.size() == 12 && std::ranges::all_of(part, is_digit); }

}  // namespace

FunctionReference parse_function_reference(std::string_view text) {
  const std::vector<std::string_view> parts = split(text);
  FunctionReference reference;
  std::size_t next = 0;
  // The pattern's optional groups are greedy, but never take the last part: that one is the name.
  const auto more = [&] { return next + 1 < parts.size(); };
  if (parts.size() > 3 && parts[0] == "arn" && parts[2] == "lambda") next = 3;
  if (more() && is_region(parts[next])) reference.region = parts[next++];
  if (more() && is_account(parts[next])) reference.account = parts[next++];
  if (more() && parts[next] == "function") ++next;
  reference.name = parts[next++];
  if (next < parts.size()) reference.qualifier = parts[next];
  return reference;
}

Result<FunctionReference> resolve_function_reference(std::string_view text,
                                                     std::string_view qualifier_parameter,
                                                     const Scope& caller) {
  FunctionReference reference = parse_function_reference(text);
  if (!reference.region.empty() && reference.region != caller.region) {
    return not_found(fmt::format("Functions from '{}' are not reachable in this region ('{}')",
                                 reference.region, caller.region));
  }
  if (!qualifier_parameter.empty()) {
    if (!reference.qualifier.empty() && reference.qualifier != qualifier_parameter) {
      return invalid_parameter(
          "The derived qualifier from the function name does not match the specified qualifier.");
    }
    reference.qualifier = qualifier_parameter;
  }
  return reference;
}

std::string function_arn(const Scope& scope, std::string_view name, std::string_view qualifier) {
  return qualifier.empty()
             ? fmt::format(FMT_COMPILE("arn:aws:lambda:{}:{}:function:{}"), scope.region, scope.account, name)
             : fmt::format(FMT_COMPILE("arn:aws:lambda:{}:{}:function:{}:{}"), scope.region, scope.account,
                           name, qualifier);
}

bool is_version_number(std::string_view qualifier) {
  return !qualifier.empty() && std::ranges::all_of(qualifier, is_digit);
}

bool is_alias_name(std::string_view qualifier) {
  return !qualifier.empty() && !is_version_number(qualifier) && std::ranges::all_of(qualifier, [](char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

}  // namespace aviary::lambda
