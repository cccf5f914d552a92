#include "services/lambda/core/layers_reference.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "models/lambda.hpp"

namespace aviary::lambda {
namespace {

/// `01` is no version: there is one spelling for each.
std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && !text.starts_with('0') ? number : 0;
}

}  // namespace

LayerReference parse_layer_reference(std::string_view text, const Scope& caller) {
  // arn:aws:lambda:<region>:<account>:layer:<name>[:<number>]
  std::array<std::string_view, 8> parts;
  std::size_t count = 0;
  for (std::string_view rest = text; count < parts.size();) {
    const std::size_t colon = rest.find(':');
    parts[count++] = rest.substr(0, colon);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (count == 1) return {.home = caller, .name = std::string(text)};
  LayerReference reference{.home = {.account = std::string(parts[4]), .region = std::string(parts[3])},
                           .name = {}};
  if (parts[5] == "layer") reference.name = parts[6];
  reference.number = number_of(parts[7]);
  return reference;
}

std::string layer_arn(const Scope& home, std::string_view name) {
  return fmt::format("arn:aws:lambda:{}:{}:layer:{}", home.region, home.account, name);
}

std::string layer_version_arn(const Scope& home, std::string_view name, std::int64_t number) {
  return fmt::format("{}:{}", layer_arn(home, name), number);
}

AwsError layer_access_denied(const Scope& caller, std::string_view action, std::string_view resource) {
  return {
      models::lambda::errors::AccessDeniedException,
      fmt::format("User: arn:aws:iam::{}:root is not authorized to perform: {} on resource: {} because no "
                  "resource-based policy allows the {} action",
                  caller.account, action, resource, action)};
}

}  // namespace aviary::lambda
