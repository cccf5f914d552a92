#include "services/lambda/core/capacity.hpp"

#include <algorithm>
#include <array>

#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {

namespace rows = models::lambda::errors;

namespace {

/// `LambdaManagedInstancesCapacityProviderConfig`; null if there is none.
const Json* managed_config(const Configuration& configuration) {
  const auto config = configuration.recorded.find("CapacityProviderConfig");
  if (config == configuration.recorded.end() || !config->is_object()) return nullptr;
  const auto managed = config->find("LambdaManagedInstancesCapacityProviderConfig");
  return managed == config->end() ? nullptr : &*managed;
}

// What each vCPU is given where nothing is said. Developer guide, the pages of Lambda Managed Instances'
// runtimes.
struct PerCpu {
  std::string_view runtime;
  std::size_t invocations;
};
constexpr std::array per_cpu{PerCpu{"python", 16}, PerCpu{"nodejs", 64}, PerCpu{"java", 32},
                             PerCpu{"dotnet", 32}};
/// Of others, such as Rust on `provided.al2023`.
constexpr std::size_t per_cpu_otherwise = 8;
/// GiB of memory that come with a vCPU, unless `ExecutionEnvironmentMemoryGiBPerVCpu` says otherwise.
constexpr double memory_per_cpu = 2;

}  // namespace

std::string capacity_provider_of(const Configuration& configuration) {
  const Json* managed = managed_config(configuration);
  return managed == nullptr ? std::string() : managed->value("CapacityProviderArn", "");
}

std::size_t side_by_side(const Version& version) {
  if (version.number == latest_qualifier) return 0;
  const Configuration& configuration = *version.configuration;
  const Json* managed = managed_config(configuration);
  if (managed == nullptr) return 0;
  if (const std::size_t said = managed->value("PerExecutionEnvironmentMaxConcurrency", 0U)) return said;
  const double ratio = managed->value("ExecutionEnvironmentMemoryGiBPerVCpu", memory_per_cpu);
  const double cpus = static_cast<double>(configuration.memory_mb) / 1024 / ratio;
  const auto whole = std::max<std::size_t>(1, static_cast<std::size_t>(cpus));
  for (const PerCpu& row : per_cpu)
    if (configuration.runtime.starts_with(row.runtime)) return whole * row.invocations;
  return whole * per_cpu_otherwise;
}

Result<ScalingBounds> scaling_bounds(const Json& config) {
  // Developer guide, "Scaling Lambda Managed Instances".
  constexpr std::size_t usual_least = 3;
  ScalingBounds bounds;
  const std::size_t least = config.value("MinExecutionEnvironments", usual_least);
  bounds.most = config.value("MaxExecutionEnvironments", bounds.most);
  if (least > bounds.most)
    return invalid_parameter("MinExecutionEnvironments must not be greater than MaxExecutionEnvironments.");
  if (least == 0 && bounds.most != 0)
    return invalid_parameter("MinExecutionEnvironments may be 0 only where MaxExecutionEnvironments is 0.");
  // The usual three are for availability zones: here only those that were asked for are kept.
  if (config.contains("MinExecutionEnvironments")) bounds.least = least;
  return bounds;
}

Result<> settle_log_format(const Json& input, Configuration& configuration) {
  if (configuration.log_format == "JSON" || capacity_provider_of(configuration).empty()) return {};
  const auto logging = input.find("LoggingConfig");
  if (logging != input.end() && logging->value("LogFormat", "") == "Text")
    return invalid_parameter("Functions with a CapacityProviderConfig have the log format JSON.");
  configuration.log_format = "JSON";
  configuration.application_log_level = "INFO";
  configuration.system_log_level = "INFO";
  return {};
}

bool is_only_published(const Version& version) {
  return version.number == latest_qualifier && !capacity_provider_of(*version.configuration).empty();
}

namespace {

std::size_t versions_of(const Function& function, std::string_view provider_arn) {
  const auto names_it = [provider_arn](const Snapshot& snapshot) {
    return capacity_provider_of(*snapshot.version->configuration) == provider_arn;
  };
  const auto numbered = std::ranges::count_if(
      function.versions, names_it, [](const auto& entry) -> const auto& { return entry.second; });
  return static_cast<std::size_t>(numbered) + (names_it(function.latest) ? 1 : 0);
}

}  // namespace

bool names_provider(const Function& function, std::string_view provider_arn) {
  return versions_of(function, provider_arn) > 0;
}

std::size_t versions_on(const FunctionStore::Functions& functions, std::string_view provider_arn) {
  std::size_t count = 0;
  for (const auto& [name, function] : functions) count += versions_of(*function, provider_arn);
  return count;
}

Result<> check_versions_on(const FunctionStore::Functions& functions, const Configuration& configuration,
                           std::size_t more, std::uint64_t most) {
  const std::string provider = capacity_provider_of(configuration);
  if (provider.empty() || more == 0 || versions_on(functions, provider) + more <= most) return {};
  // In the words of the service's model.
  return AwsError(rows::FunctionVersionsPerCapacityProviderLimitExceededException,
                  "The maximum number of function versions that can be associated with a single capacity "
                  "provider has been exceeded.");
}

Result<Publish> publishing_of(const Configuration& configuration, bool publish, bool to_latest_published) {
  if (!to_latest_published) return publish ? Publish::Numbered : Publish::No;
  if (capacity_provider_of(configuration).empty())
    return invalid_parameter("PublishTo is for functions with a CapacityProviderConfig only.");
  if (!publish) return invalid_parameter("PublishTo says where to publish: it goes with Publish.");
  return Publish::Unnumbered;
}

VersionHandle unnumbered_version(const FunctionStore& store, const Function& function) {
  const Snapshot* found = store.find_version(function, published_qualifier);
  return found ? found->version : nullptr;
}

std::size_t versions_added(const FunctionStore& store, const Function& function, const CodeHandle& packed,
                           Publish publish) {
  if (publish == Publish::No) return 0;
  if (publish == Publish::Unnumbered) return unnumbered_version(store, function) ? 0 : 1;
  return store.publishes_anew(function, packed) ? 1 : 0;
}

Result<const Snapshot*> invoked_version(const FunctionStore& store, const Function& function,
                                        std::string_view qualifier) {
  if (qualifier.empty() && is_only_published(*function.latest.version)) {
    if (const Snapshot* published = store.find_version(function, published_qualifier)) return published;
    // In the words of the service's model.
    return AwsError(rows::NoPublishedVersionException, "The function has no published versions available.");
  }
  return store.find_qualified(function, qualifier);
}

}  // namespace aviary::lambda
