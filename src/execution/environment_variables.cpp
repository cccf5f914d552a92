#include "execution/environment_variables.hpp"

#include <algorithm>
#include <array>

namespace aviary::execution {
namespace {

constexpr std::array<std::string_view, 21> reserved{
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
};
static_assert(std::is_sorted(reserved.begin(), reserved.end()));

// `{v}` stands for the runtime's version as its directories spell it. Recorded from AWS in January and
// February 2026.
struct FamilyVariable {
  std::string_view family;
  std::string_view name;
  std::string_view value;
};
constexpr std::array family_variables{
    FamilyVariable{"python", "PYTHONPATH", "/var/runtime"},
    FamilyVariable{"python", "PWD", "/var/task"},
    FamilyVariable{"python", "SHLVL", "0"},
    FamilyVariable{
        "nodejs", "NODE_PATH",
        "/opt/nodejs/node{v}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:"
        "/var/task"},
    FamilyVariable{"nodejs", "PWD", "/var/task"},
    FamilyVariable{"nodejs", "SHLVL", "0"},
    FamilyVariable{"ruby", "GEM_HOME", "/var/runtime"},
    FamilyVariable{
        "ruby", "GEM_PATH",
        "/var/task/vendor/bundle/ruby/{v}.0:/opt/ruby/gems/{v}.0:/var/runtime:/var/runtime/ruby/{v}.0"},
    FamilyVariable{"ruby", "RUBYLIB", "/var/task:/var/runtime/lib:/opt/ruby/lib"},
    FamilyVariable{"ruby", "PWD", "/var/task"},
    FamilyVariable{"ruby", "SHLVL", "0"},
    FamilyVariable{"dotnet", "DOTNET_ROOT", "/var/lang/bin"},
    FamilyVariable{"dotnet", "LAMBDA_RUNTIME_NAME", "dotnet{v}"},
};

constexpr std::string_view default_path = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";
constexpr std::string_view ruby_path = "/var/lang/bin:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";
constexpr std::string_view al2_path = "/usr/local/bin:/usr/bin/:/bin:/opt/bin";
constexpr std::string_view default_libraries =
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";
constexpr std::string_view al2_libraries =
    "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";

/// `python3.13` → `python`, `3.13`; `nodejs20.x` → `nodejs`, `20`; `provided.al2023` → `provided`, `al2023`.
std::pair<std::string_view, std::string_view> split_runtime(std::string_view runtime) {
  if (custom_runtime(runtime)) {
    const std::size_t dot = runtime.find('.');
    return {"provided", dot == std::string_view::npos ? std::string_view{} : runtime.substr(dot + 1)};
  }
  const std::size_t digit = runtime.find_first_of("0123456789");
  if (digit == std::string_view::npos) return {runtime, {}};
  std::string_view version = runtime.substr(digit);
  if (version.ends_with(".x")) version.remove_suffix(2);
  return {runtime.substr(0, digit), version};
}

std::string with_version(std::string_view pattern, std::string_view version) {
  std::string text(pattern);
  for (auto at = text.find("{v}"); at != std::string::npos; at = text.find("{v}", at + version.size()))
    text.replace(at, 3, version);
  return text;
}

void put(Variables& variables, std::string_view name, std::string_view value) {
  for (auto& [key, old] : variables) {
    if (key != name) continue;
    old = value;
    return;
  }
  variables.emplace_back(name, value);
}

}  // namespace

bool reserved_variable(std::string_view name) noexcept {
  return std::binary_search(reserved.begin(), reserved.end(), name);
}

bool custom_runtime(std::string_view runtime) noexcept {
  return runtime == "provided" || runtime.starts_with("provided.");
}

std::string runtime_label(std::string_view runtime) {
  const auto [family, version] = split_runtime(runtime);
  if (version.empty()) return std::string(family);
  return std::string(family) + ':' + std::string(version);
}

Variables process_variables(const lambda::Version& version, const RuntimeCommand& command,
                            const VariableContext& context) {
  const lambda::Configuration& configuration = *version.configuration;
  const std::string& runtime = configuration.runtime;
  const auto [family, runtime_version] = split_runtime(runtime);
  const bool al2 = runtime == "provided.al2" || runtime == "provided";
  const std::string memory = std::to_string(configuration.memory_mb);

  Variables variables;
  variables.reserve(40);
  const auto add = [&variables](std::string_view name, std::string_view value) {
    variables.emplace_back(name, value);
  };
  add("TZ", ":UTC");
  add("LANG", "en_US.UTF-8");
  add("PATH", family == "ruby" ? ruby_path : al2 ? al2_path : default_path);
  add("LD_LIBRARY_PATH", al2 ? al2_libraries : default_libraries);
  add("LAMBDA_TASK_ROOT", "/var/task");
  add("LAMBDA_RUNTIME_DIR", "/var/runtime");
  add("AWS_LAMBDA_FUNCTION_NAME", version.function_name);
  add("AWS_LAMBDA_FUNCTION_VERSION", version.number);
  add("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory);
  // Developer guide, "Monitoring for Lambda SnapStart": a snapshot serves many log streams.
  if (context.initialization_type != "snap-start") {
    add("AWS_LAMBDA_LOG_GROUP_NAME", context.log_group);
    add("AWS_LAMBDA_LOG_STREAM_NAME", context.log_stream);
  }
  add("AWS_LAMBDA_INITIALIZATION_TYPE", context.initialization_type);
  add("AWS_REGION", version.scope.region);
  add("AWS_DEFAULT_REGION", version.scope.region);
  // The account is the access key, so that what the function calls finds its own account again.
  const std::optional<FunctionKeys>& keys = context.keys;
  add("AWS_ACCESS_KEY_ID", keys ? keys->access_key_id : version.scope.account);
  add("AWS_SECRET_ACCESS_KEY", keys ? std::string_view(keys->secret) : "aviary-secret-access-key");
  add("AWS_SESSION_TOKEN", keys ? std::string_view(keys->session_token) : "aviary-session-token");
  add("AWS_LAMBDA_RUNTIME_API", context.runtime_api);
  add("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
  add("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000");
  add("_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1");
  add("_AWS_XRAY_DAEMON_PORT", "2000");
  add("_HANDLER", configuration.handler);
  if (!custom_runtime(runtime)) {
    add("AWS_EXECUTION_ENV", "AWS_Lambda_" + runtime);
    // Several processes, or threads, cannot share the frames of one descriptor.
    if (context.side_by_side == 0) add("_LAMBDA_TELEMETRY_LOG_FD", "62");
  }
  if (context.side_by_side != 0) add("AWS_LAMBDA_MAX_CONCURRENCY", std::to_string(context.side_by_side));
  for (const FamilyVariable& extra : family_variables)
    if (extra.family == family) add(extra.name, with_version(extra.value, runtime_version));
  if (runtime == "nodejs16.x" || runtime == "nodejs18.x")
    add("NODE_EXTRA_CA_CERTS", "/var/runtime/ca-cert.pem");
  if (runtime == "dotnet8") add("SSL_CERT_FILE", "/var/runtime/empty-certificates.crt");
  if (configuration.log_format == "JSON") {
    add("AWS_LAMBDA_LOG_FORMAT", "JSON");
    add("AWS_LAMBDA_LOG_LEVEL", configuration.application_log_level.empty()
                                    ? "INFO"
                                    : std::string_view(configuration.application_log_level));
  }
  if (!context.base_url.empty()) add("AWS_ENDPOINT_URL", context.base_url);

  for (const auto& [name, value] : command.environment) put(variables, name, value);
  if (configuration.environment) {
    for (const auto& [name, value] : *configuration.environment)
      if (!reserved_variable(name)) put(variables, name, value);
  }
  return variables;
}

std::optional<FunctionKeys> keys_of(const Options& options, const lambda::Version& version) {
  return options.keys ? std::optional(options.keys(version)) : std::nullopt;
}

Variables extension_variables(const lambda::Version& version, const VariableContext& context) {
  static constexpr std::array of_the_runtime{std::string_view{"AWS_EXECUTION_ENV"},
                                             std::string_view{"AWS_LAMBDA_LOG_GROUP_NAME"},
                                             std::string_view{"AWS_LAMBDA_LOG_STREAM_NAME"},
                                             std::string_view{"LAMBDA_RUNTIME_DIR"},
                                             std::string_view{"LAMBDA_TASK_ROOT"},
                                             std::string_view{"NODE_EXTRA_CA_CERTS"},
                                             std::string_view{"SSL_CERT_FILE"}};
  const auto& own = version.configuration->environment;
  Variables variables = process_variables(version, {}, context);
  std::erase_if(variables, [&own](const auto& variable) {
    const std::string& name = variable.first;
    if (own && own->contains(name) && !reserved_variable(name)) return name.starts_with('_');
    if (name.starts_with('_') || name.starts_with("AWS_XRAY_")) return true;
    const bool of_family = std::any_of(family_variables.begin(), family_variables.end(),
                                       [&name](const FamilyVariable& extra) { return extra.name == name; });
    return of_family || std::find(of_the_runtime.begin(), of_the_runtime.end(), name) != of_the_runtime.end();
  });
  return variables;
}

Variables attached_variables(const lambda::Version& version, const VariableContext& context) {
  static constexpr std::array inside{"PATH",
                                     "LD_LIBRARY_PATH",
                                     "LAMBDA_TASK_ROOT",
                                     "LAMBDA_RUNTIME_DIR",
                                     "PWD",
                                     "SHLVL",
                                     "PYTHONPATH",
                                     "NODE_PATH",
                                     "GEM_HOME",
                                     "GEM_PATH",
                                     "RUBYLIB",
                                     "_LAMBDA_TELEMETRY_LOG_FD",
                                     "LANG",
                                     "TZ",
                                     "DOTNET_ROOT",
                                     "NODE_EXTRA_CA_CERTS",
                                     "SSL_CERT_FILE"};
  Variables variables = process_variables(version, {}, context);
  const auto& own = version.configuration->environment;
  std::erase_if(variables, [&own](const auto& variable) {
    if (own && own->contains(variable.first) && !reserved_variable(variable.first)) return false;
    return std::find(inside.begin(), inside.end(), variable.first) != inside.end();
  });
  return variables;
}

Variables image_variables(const lambda::Version& version, const Variables& of_image, std::string_view handler,
                          const VariableContext& context) {
  Variables variables = of_image;
  for (const auto& [name, value] : attached_variables(version, context)) {
    // Not what says how Lambda's own runtimes are; an image says it itself.
    if (name != "AWS_EXECUTION_ENV") put(variables, name, value);
  }
  if (!handler.empty()) put(variables, "_HANDLER", handler);
  const auto offer = [&variables](std::string_view name, std::string_view value) {
    for (const auto& [key, old] : variables)
      if (key == name) return;
    variables.emplace_back(name, value);
  };
  offer("LAMBDA_TASK_ROOT", "/var/task");
  offer("LAMBDA_RUNTIME_DIR", "/var/runtime");
  return variables;
}

}  // namespace aviary::execution
