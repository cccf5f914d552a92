#include "services/lambda/api/render.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/runtimes.hpp"
#include "services/lambda/core/snap_start.hpp"

namespace aviary::lambda {
namespace {

constexpr std::string_view creating = "The function is being created.";

void render_progress(const Snapshot& snapshot, Json& out) {
  const bool pending = snapshot.state == State::Pending;
  out["State"] = state_name(snapshot);
  if (snapshot.state == State::Failed) {
    out["StateReason"] = snapshot.reason;
    out["StateReasonCode"] = snapshot.reason_code;
  }
  if (pending) {
    out["StateReason"] = creating;
    out["StateReasonCode"] = "Creating";
  }
  if (snapshot.last_update == UpdateStatus::None) return;
  const bool in_progress = snapshot.last_update == UpdateStatus::InProgress;
  out["LastUpdateStatus"] = in_progress ? "InProgress" : "Successful";
  if (in_progress) {
    out["LastUpdateStatusReason"] = creating;
    out["LastUpdateStatusReasonCode"] = "Creating";
  }
}

Json render_logging(const Configuration& c, std::string_view function_name) {
  Json out{{"LogFormat", c.log_format},
           {"LogGroup", c.log_group.empty() ? "/aws/lambda/" + std::string(function_name) : c.log_group}};
  if (!c.application_log_level.empty()) out["ApplicationLogLevel"] = c.application_log_level;
  if (!c.system_log_level.empty()) out["SystemLogLevel"] = c.system_log_level;
  return out;
}

Json render_snap_start(const Snapshot& snapshot) {
  const bool there = snapshot.state == State::Active && starts_from_snapshot(*snapshot.version);
  return Json{{"ApplyOn", snap_start_on(*snapshot.version->configuration) ? "PublishedVersions" : "None"},
              {"OptimizationStatus", there ? "On" : "Off"}};
}

}  // namespace

std::string_view state_name(const Snapshot& snapshot) {
  if (snapshot.state == State::Pending) return "Pending";
  if (snapshot.state == State::Failed) return "Failed";
  if (snapshot.state == State::Deactivated) return "Deactivated";
  return is_only_published(*snapshot.version) ? "ActiveNonInvocable" : "Active";
}

Json render_configuration(const Snapshot& snapshot, std::string_view arn_qualifier, Detail detail) {
  const Version& v = *snapshot.version;
  const Configuration& c = *v.configuration;
  // What was recorded is rendered as it was given; SnapStart has a second member here.
  Json out = c.recorded;
  out["FunctionName"] = v.function_name;
  out["FunctionArn"] = function_arn(v.scope, v.function_name, arn_qualifier);
  out["Role"] = c.role;
  out["CodeSize"] = v.code ? v.code->size : 0;
  out["CodeSha256"] = code_sha256(v);
  out["Description"] = v.description;
  out["Timeout"] = c.timeout_seconds;
  out["MemorySize"] = c.memory_mb;
  out["LastModified"] = lambda_timestamp(v.last_modified);
  out["Version"] = v.number;
  out["RevisionId"] = v.revision_id;
  out["PackageType"] = c.package_type;
  out["Architectures"] = c.architectures;
  out["EphemeralStorage"] = {{"Size", c.ephemeral_storage_mb}};
  out["TracingConfig"] = {{"Mode", c.tracing_mode}};
  out["SnapStart"] = render_snap_start(snapshot);
  out["LoggingConfig"] = render_logging(c, v.function_name);
  if (!c.runtime.empty()) out["Runtime"] = c.runtime;
  if (!c.handler.empty()) out["Handler"] = c.handler;
  if (c.environment) out["Environment"] = {{"Variables", *c.environment}};
  if (!c.layer_arns.empty()) {
    Json& layers = out["Layers"] = Json::array();
    for (std::size_t i = 0; i < c.layer_arns.size(); ++i) {
      layers.push_back({{"Arn", c.layer_arns[i]},
                        {"CodeSize", i < v.layers.size() && v.layers[i] ? v.layers[i]->size : 0}});
    }
  }
  if (detail == Detail::Listed) return out;
  if (c.package_type == "Zip") {
    out["RuntimeVersionConfig"] = {{"RuntimeVersionArn", runtime_version_arn(v.scope.region, c.runtime)}};
  }
  render_progress(snapshot, out);
  return out;
}

std::string package_location(const CodeBlob& code, std::string_view base_url) {
  return fmt::format("{}/_aviary/code/{}", base_url, hex_encode(base64_decode(code.digest).value_or("")));
}

Json render_alias(const Function& function, const Alias& alias) {
  Json out{{"AliasArn", function_arn(function.scope, function.name, alias.name)},
           {"Name", alias.name},
           {"FunctionVersion", alias.routing.version},
           {"Description", alias.description},
           {"RevisionId", alias.revision_id}};
  if (alias.routing.splits()) {
    out["RoutingConfig"] = {
        {"AdditionalVersionWeights", {{alias.routing.additional_version, alias.routing.additional_weight}}}};
  }
  return out;
}

}  // namespace aviary::lambda
