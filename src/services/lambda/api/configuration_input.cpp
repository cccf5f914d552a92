#include "services/lambda/api/configuration_input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/snap_start.hpp"
#include "services/lambda/core/tenancy.hpp"

namespace aviary::lambda {
namespace {

constexpr std::int64_t longest_timeout = 900;
constexpr std::int64_t most_memory = 10240;

/// Docs: "Using Lambda environment variables", defined runtime environment variables, reserved.
constexpr auto reserved_variables = std::to_array<std::string_view>(
    {"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
     "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
     "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
     "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
     "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"});

Result<> apply_environment(const Json& environment, const Quotas& quotas, Configuration& configuration) {
  std::map<std::string, std::string> variables;
  if (const Json* given = find_member(environment, "Variables")) given->get_to(variables);
  std::vector<std::string_view> reserved;
  for (const auto& [name, value] : variables) {
    if (std::ranges::find(reserved_variables, name) != reserved_variables.end()) reserved.push_back(name);
  }
  if (!reserved.empty()) {
    return invalid_parameter(fmt::format(
        "Lambda was unable to configure your environment variables because the environment variables you "
        "have provided contains reserved keys that are currently not supported for modification. Reserved "
        "keys used in this request: {}",
        fmt::join(reserved, ", ")));
  }
  if (const std::string measured = Json(variables).dump(); measured.size() > quotas.environment_bytes) {
    return invalid_parameter(fmt::format(
        "Lambda was unable to configure your environment variables because the environment variables you "
        "have provided exceeded the {}KB limit. String measured: {}",
        quotas.environment_bytes >> 10, measured));
  }
  configuration.environment = std::move(variables);
  return {};
}

void apply_logging(const Json& logging, Configuration& configuration) {
  const std::string& format = text_of(logging, "LogFormat");
  if (format == "JSON" && configuration.log_format != "JSON") {
    configuration.application_log_level = "INFO";
    configuration.system_log_level = "INFO";
  } else if (format == "Text") {
    configuration.application_log_level.clear();
    configuration.system_log_level.clear();
  }
  const auto take = [&logging](const char* name, std::string& into) {
    if (const std::string& given = text_of(logging, name); !given.empty()) into = given;
  };
  take("LogFormat", configuration.log_format);
  take("ApplicationLogLevel", configuration.application_log_level);
  take("SystemLogLevel", configuration.system_log_level);
  take("LogGroup", configuration.log_group);
}

/// There is no EC2 here to ask; the id is made up, but the same for the same subnet.
Json vpc_config(const Json& given) {
  const Json* subnets = find_member(given, "SubnetIds");
  const Json* groups = find_member(given, "SecurityGroupIds");
  Json config{{"SubnetIds", subnets ? *subnets : Json::array()},
              {"SecurityGroupIds", groups ? *groups : Json::array()},
              {"VpcId", ""}};
  if (subnets && !subnets->empty()) {
    config["VpcId"] = "vpc-" + hex_encode(sha256(subnets->front().get<std::string>())).substr(0, 17);
    config["Ipv6AllowedForDualStack"] = flag_of(given, "Ipv6AllowedForDualStack");
  }
  return config;
}

/// Members that are kept and rendered back without meaning anything to how code runs here.
void apply_recorded(const Json& input, Json& recorded) {
  const auto keep = [&](const char* name, const char* as) {
    const Json* given = find_member(input, name);
    if (!given) return;
    if (given->empty() || *given == "") {
      recorded.erase(as);
    } else {
      recorded[as] = *given;
    }
  };
  keep("KMSKeyArn", "KMSKeyArn");
  keep("FileSystemConfigs", "FileSystemConfigs");
  keep("SnapStart", "SnapStart");
  keep("DurableConfig", "DurableConfig");
  keep("CapacityProviderConfig", "CapacityProviderConfig");
  keep("TenancyConfig", "TenancyConfig");
  if (const Json* vpc = find_member(input, "VpcConfig")) recorded["VpcConfig"] = vpc_config(*vpc);
  if (const Json* queue = find_member(input, "DeadLetterConfig")) {
    if (text_of(*queue, "TargetArn").empty()) {
      recorded.erase("DeadLetterConfig");
    } else {
      recorded["DeadLetterConfig"] = *queue;
    }
  }
  if (const Json* image = find_member(input, "ImageConfig")) {
    if (image->empty()) {
      recorded.erase("ImageConfigResponse");
    } else {
      recorded["ImageConfigResponse"] = {{"ImageConfig", *image}};
    }
  }
}

Result<> apply_numbers(const Json& input, Configuration& configuration) {
  if (const Json* timeout = find_member(input, "Timeout")) {
    timeout->get_to(configuration.timeout_seconds);
    if (configuration.timeout_seconds > longest_timeout) {
      return validation_error(fmt::format(
          "1 validation error detected: Value '{}' at 'timeout' failed to satisfy constraint: Member must "
          "have value less than or equal to {}",
          configuration.timeout_seconds, longest_timeout));
    }
  }
  if (const Json* memory = find_member(input, "MemorySize")) {
    memory->get_to(configuration.memory_mb);
    if (configuration.memory_mb > most_memory) {
      // Not the wording of the model's constraints; seen with accounts of a lower quota, e.g.
      // github.com/alexcasalboni/aws-lambda-power-tuning/pull/181.
      return validation_error(fmt::format(
          "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to {}",
          most_memory));
    }
  }
  if (const Json* storage = find_member(input, "EphemeralStorage")) {
    if (const Json* size = find_member(*storage, "Size")) size->get_to(configuration.ephemeral_storage_mb);
  }
  return {};
}

}  // namespace

Result<> apply_configuration(const Json& input, const Quotas& quotas, RetiredRuntimes retired,
                             Configuration& configuration) {
  if (const Json* environment = find_member(input, "Environment")) {
    if (const Result<> done = apply_environment(*environment, quotas, configuration); !done) return done;
  }
  if (const Json* runtime = find_member(input, "Runtime")) {
    runtime->get_to(configuration.runtime);
    if (const Result<> known = check_runtime(configuration.runtime, retired); !known) return known;
  }
  if (const Result<> done = apply_numbers(input, configuration); !done) return done;
  if (const Json* handler = find_member(input, "Handler")) handler->get_to(configuration.handler);
  if (const Json* role = find_member(input, "Role")) role->get_to(configuration.role);
  if (const Json* description = find_member(input, "Description"))
    description->get_to(configuration.description);
  if (const Json* layers = find_member(input, "Layers")) layers->get_to(configuration.layer_arns);
  if (const Json* tracing = find_member(input, "TracingConfig")) {
    if (const std::string& mode = text_of(*tracing, "Mode"); !mode.empty()) configuration.tracing_mode = mode;
  }
  if (const Json* logging = find_member(input, "LoggingConfig")) apply_logging(*logging, configuration);
  const Json recorded_before = configuration.recorded.value("DurableConfig", Json(nullptr));
  apply_recorded(input, configuration.recorded);
  if (const Result<> together = check_snap_start(configuration); !together) return together;
  if (const Result<> logs = settle_log_format(input, configuration); !logs) return logs;
  if (const Json* durable = find_member(input, "DurableConfig"); durable && !durable->empty()) {
    // A part that is given alone leaves the other as it was; what AWS answers without the first is its own
    // text.
    Json merged = recorded_before.is_object() ? recorded_before : Json{{"RetentionPeriodInDays", 14}};
    merged.update(*durable);
    if (!merged.contains("ExecutionTimeout")) {
      return invalid_parameter(
          "You cannot create a function with a durable configuration without an executionTimeout");
    }
    configuration.recorded["DurableConfig"] = std::move(merged);
  }
  return check_tenancy(configuration);
}

Result<> check_new_configuration(const Json& input, const Configuration& configuration) {
  if (configuration.package_type == "Image") {
    if (!configuration.runtime.empty() || !configuration.handler.empty() ||
        !configuration.layer_arns.empty()) {
      return invalid_parameter(
          "Please don't provide Handler or Runtime or Layer when the intended function PackageType is "
          "Image.");
    }
    return {};
  }
  if (configuration.runtime.empty() || configuration.handler.empty()) {
    return invalid_parameter(
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  }
  if (find_member(input, "ImageConfig")) {
    return invalid_parameter(
        "Please don't provide ImageConfig when the intended function PackageType is Zip.");
  }
  return {};
}

}  // namespace aviary::lambda
