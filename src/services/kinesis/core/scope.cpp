#include "services/kinesis/core/scope.hpp"

#include <fmt/format.h>

#include <array>

namespace aviary::kinesis {
namespace {

/// The resource part of an ARN of this service, and whose it is; empty for what is none.
std::string_view resource_of(std::string_view arn, Scope& scope) {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    part = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[2] != "kinesis") return {};
  scope = {.account = std::string(parts[4]), .region = std::string(parts[3])};
  return arn;
}

}  // namespace

std::string stream_arn(const StreamId& id) {
  return fmt::format("arn:aws:kinesis:{}:{}:stream/{}", id.scope.region, id.scope.account, id.name);
}

StreamId parse_stream_arn(std::string_view arn) {
  constexpr std::string_view kind = "stream/";
  StreamId id;
  const std::string_view resource = resource_of(arn, id.scope);
  if (!resource.starts_with(kind) || resource.find('/', kind.size()) != std::string_view::npos) return {};
  id.name = resource.substr(kind.size());
  return id;
}

ConsumerId parse_consumer_arn(std::string_view arn) {
  constexpr std::string_view between = "/consumer/";
  const std::size_t at = arn.find(between);
  if (at == std::string_view::npos) return {};
  ConsumerId id{.stream = parse_stream_arn(arn.substr(0, at)), .name = {}, .created = {}};
  const std::string_view rest = arn.substr(at + between.size());
  const std::size_t colon = rest.find(':');
  if (id.stream.name.empty() || colon == std::string_view::npos) return {};
  id.name = rest.substr(0, colon);
  id.created = rest.substr(colon + 1);
  return id;
}

}  // namespace aviary::kinesis
