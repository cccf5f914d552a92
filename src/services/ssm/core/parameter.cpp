#include "services/ssm/core/parameter.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.hpp"

namespace aviary::ssm {

Version* Parameter::labelled(std::string_view label) {
  for (Version& each : versions)
    if (std::ranges::find(each.labels, label) != each.labels.end()) return &each;
  return nullptr;
}

Version* Parameter::selected(std::string_view selector) {
  // Labels never begin with a digit.
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(selector.data(), selector.data() + selector.size(), number);
  if (problem == std::errc{} && end == selector.data() + selector.size()) return version(number);
  return labelled(selector);
}

std::string parameter_arn(const Scope& scope, std::string_view name) {
  return fmt::format("arn:aws:ssm:{}:{}:parameter{}{}", scope.region, scope.account,
                     name.starts_with('/') ? "" : "/", name);
}

std::string ciphertext(const Parameter& parameter, const Version& version) {
  const std::string arn = parameter_arn(parameter.scope, parameter.name);
  std::string bytes("\x01\x02\x02\x00\x78", 5);
  bytes += hmac_sha256(arn, fmt::format("{}/{}", version.number, version.value));
  bytes += hmac_sha256(version.key_id, arn);
  return base64_encode(bytes);
}

Json record_of(const Parameter& parameter) {
  Json versions = Json::array();
  for (const Version& each : parameter.versions)
    versions.push_back({{"number", each.number},
                        {"type", each.type},
                        {"value", each.value},
                        {"key", each.key_id},
                        {"tier", each.tier},
                        {"description", each.description},
                        {"pattern", each.allowed_pattern},
                        {"data_type", each.data_type},
                        {"modified", each.modified.time_since_epoch().count()},
                        {"labels", each.labels}});
  return {{"account", parameter.scope.account},
          {"region", parameter.scope.region},
          {"name", parameter.name},
          {"versions", std::move(versions)},
          {"tags", parameter.tags}};
}

Parameter parameter_from(const Json& record) {
  Parameter parameter;
  record.at("account").get_to(parameter.scope.account);
  record.at("region").get_to(parameter.scope.region);
  record.at("name").get_to(parameter.name);
  record.at("tags").get_to(parameter.tags);
  for (const Json& each : record.at("versions")) {
    Version version;
    each.at("number").get_to(version.number);
    each.at("type").get_to(version.type);
    each.at("value").get_to(version.value);
    each.at("key").get_to(version.key_id);
    each.at("tier").get_to(version.tier);
    each.at("description").get_to(version.description);
    each.at("pattern").get_to(version.allowed_pattern);
    each.at("data_type").get_to(version.data_type);
    version.modified = Instant(Duration(each.at("modified").get<std::int64_t>()));
    each.at("labels").get_to(version.labels);
    parameter.versions.push_back(std::move(version));
  }
  return parameter;
}

}  // namespace aviary::ssm
