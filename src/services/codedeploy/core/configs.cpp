#include "services/codedeploy/core/configs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/codedeploy.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

constexpr std::string_view reserved_prefix = "CodeDeployDefault.";

std::string config_record_key(const Scope& scope, std::string_view name) {
  return fmt::format("{}/{}/{}", scope.account, scope.region, name);
}

}  // namespace

bool is_predefined(std::string_view config) {
  return std::ranges::find(predefined_configs(), config, &PredefinedConfig::name) !=
         predefined_configs().end();
}

bool is_for_other_platform(std::string_view config) {
  return config.starts_with("CodeDeployDefault.ECS") || config == "CodeDeployDefault.OneAtATime" ||
         config == "CodeDeployDefault.HalfAtATime" || config == "CodeDeployDefault.AllAtOnce";
}

std::optional<Config> Configs::find(const Scope& scope, std::string_view name) const {
  const auto& predefined = predefined_configs();
  for (std::size_t i = 0; i < predefined.size(); ++i)
    if (predefined[i].name == name)
      return Config{.id = fmt::format("00000000-0000-0000-0000-{:012}", i + 1),
                    .name = std::string(name),
                    .routing = predefined[i].routing};
  const auto own = scopes_.find(scope);
  if (own == scopes_.end()) return std::nullopt;
  const auto found = own->second.find(name);
  return found == own->second.end() ? std::nullopt : std::optional<Config>(found->second);
}

Result<> Configs::add(const Scope& scope, Config config) {
  if (config.name.starts_with(reserved_prefix))  // measured at AWS
    return AwsError(rows::InvalidDeploymentConfigNameException,
                    "The prefix CodeDeployDefault. is reserved for predefined configuration names");
  ByName& own = scopes_[scope];
  if (own.contains(config.name))
    return AwsError(rows::DeploymentConfigAlreadyExistsException,
                    fmt::format("DeploymentConfig already exists with name {}", config.name));
  save(scope, config);
  std::string name = config.name;
  own.emplace(std::move(name), std::move(config));
  return {};
}

void Configs::erase(const Scope& scope, std::string_view name) {
  ByName& own = scopes_[scope];
  const auto found = own.find(name);
  if (found == own.end()) return;
  records_.erase(config_record_key(scope, name));
  own.erase(found);
}

void Configs::set_tags(const Scope& scope, std::string_view name, Tags tags) {
  ByName& own = scopes_[scope];
  const auto found = own.find(name);
  if (found == own.end()) return;
  found->second.tags = std::move(tags);
  save(scope, found->second);
}

std::vector<std::string> Configs::names(const Scope& scope) const {
  std::set<std::string> names;
  for (const PredefinedConfig& config : predefined_configs()) names.emplace(config.name);
  if (const auto own = scopes_.find(scope); own != scopes_.end())
    for (const auto& [name, config] : own->second) names.insert(name);
  return {names.begin(), names.end()};
}

void Configs::save(const Scope& scope, const Config& config) {
  records_.save(config_record_key(scope, config.name),
                Json{{"account", scope.account},
                     {"region", scope.region},
                     {"id", config.id},
                     {"name", config.name},
                     {"routing", render(config.routing)},
                     {"created", config.created.time_since_epoch().count()},
                     {"tags", config.tags}});
}

void Configs::restore() {
  records_.load([this](std::string_view, const Json& record) {
    const Result<TrafficRouting> routing = parse_traffic_routing(record.at("routing"));
    if (!routing) return;
    Config config{.id = record.at("id"),
                  .name = record.at("name"),
                  .routing = *routing,
                  .created = Instant(Duration(record.at("created").get<std::int64_t>())),
                  .tags = record.at("tags").get<Tags>()};
    std::string name = config.name;
    scopes_[Scope{record.at("account"), record.at("region")}].insert_or_assign(std::move(name),
                                                                               std::move(config));
  });
}

}  // namespace aviary::codedeploy
