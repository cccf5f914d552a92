#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/group_settings.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/errors.hpp"
#include "services/codedeploy/core/revision.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

constexpr std::size_t longest_deployment_description = 256;

/// What only deployments to servers have.
Result<> refuse_server_options(const Json& input) {
  if (find_member(input, "fileExistsBehavior"))  // seen at AWS
    return AwsError(rows::InvalidFileExistsBehaviorException,
                    "For Lambda and ECS deployment, fileExistsBehavior can not be specified");
  if (flag_of(input, "ignoreApplicationStopFailures"))
    return AwsError(rows::InvalidIgnoreApplicationStopFailuresValueException,
                    "For Lambda and ECS deployment, ignoreApplicationStopFailures can not be true");
  if (flag_of(input, "updateOutdatedInstancesOnly"))
    return AwsError(rows::InvalidUpdateOutdatedInstancesOnlyValueException,
                    "For Lambda and ECS deployment, updateOutdatedInstancesOnly can not be true");
  if (const Json* targets = find_member(input, "targetInstances"); targets && !targets->empty())
    return AwsError(rows::InvalidTargetInstancesException,
                    "For Lambda and ECS deployment, targetInstances can not be specified");
  return {};
}

Json app_spec_location(const std::string& text) {
  return {{"revisionType", "AppSpecContent"}, {"appSpecContent", {{"content", text}}}};
}

/// Everything of an input of CreateDeployment but its revision.
Result<StartRequest> request_in(const Call& call) {
  StartRequest request{.scope = scope_of(call),
                       .application = text_of(call.input, "applicationName"),
                       .group = text_of(call.input, "deploymentGroupName"),
                       .app_spec = {},
                       .config = text_of(call.input, "deploymentConfigName"),
                       .description = text_of(call.input, "description")};
  if (auto valid = check_application_name(request.application); !valid) return valid.error();
  if (auto valid = check_group_name(request.group); !valid) return valid.error();
  if (auto allowed = refuse_server_options(call.input); !allowed) return allowed.error();
  if (request.description.size() > longest_deployment_description)
    return AwsError(rows::DescriptionTooLongException,
                    fmt::format("A description has at most {} characters", longest_deployment_description));
  if (const Json* configuration = find_member(call.input, "autoRollbackConfiguration")) {
    Result<Json> checked = checked_auto_rollback(*configuration);
    if (!checked) return checked.error();
    request.auto_rollback = std::move(*checked);
  }
  if (const Json* alarms = find_member(call.input, "overrideAlarmConfiguration")) {
    Result<Json> checked = checked_alarms(*alarms);
    if (!checked) return checked.error();
    request.alarms = std::move(*checked);
  }
  const Json* revision = find_member(call.input, "revision");
  if (!revision) return AwsError(rows::RevisionRequiredException, "Revision is missing");
  Result<Json> location = checked_revision(*revision);
  if (!location) return location.error();
  request.revision = std::move(*location);
  return request;
}

}  // namespace

Result<> CodeDeployService::may_start(const Scope& scope, const std::string& application,
                                      const std::string& group) const {
  if (!applications_.find(scope, application)) return application_not_found(application);
  if (!applications_.find_group(scope, application, group)) return group_not_found(group);
  if (const Deployment* active = deployments_.active_of(scope, application, group))  // seen at AWS
    return AwsError(
        rows::DeploymentLimitExceededException,
        fmt::format("The Deployment Group '{}' already has an active Deployment '{}'", group, active->id));
  return {};
}

Result<std::string> CodeDeployService::start(StartRequest request) {
  const Scope& scope = request.scope;
  if (auto allowed = may_start(scope, request.application, request.group); !allowed) return allowed.error();
  const Group group = *applications_.find_group(scope, request.application, request.group);
  const std::string config_name = request.config.empty() ? group.config : request.config;
  if (is_for_other_platform(config_name)) return config_not_found(config_name);
  const std::optional<Config> config = configs_.find(scope, config_name);
  if (!config) return config_not_found(config_name);
  Result<AppSpec> spec = parse_app_spec(request.app_spec);
  if (!spec) return spec.error();
  Result<Json> location =
      checked_revision(request.revision.is_null() ? app_spec_location(request.app_spec) : request.revision);
  if (!location) return location.error();

  Deployment deployment;
  deployment.scope = scope;
  deployment.application = request.application;
  deployment.group = request.group;
  deployment.config = config_name;
  deployment.routing = config->routing;
  deployment.revision = *location;
  deployment.description = std::move(request.description);
  deployment.creator = std::move(request.creator);
  deployment.external_id = std::move(request.external_id);
  deployment.auto_rollback = request.auto_rollback.is_null() ? group.auto_rollback : request.auto_rollback;
  deployment.override_alarms = !request.alarms.is_null();
  deployment.alarms = deployment.override_alarms ? request.alarms : group.alarms;
  deployment.spec = std::move(*spec);
  if (const Deployment* previous = deployments_.find(scope, group.last_successful))
    deployment.previous_revision = previous->revision;

  const Instant now = clock_.now();
  const Application& application = *applications_.find(scope, request.application);
  Revision revision{.location = *location, .description = {}, .registered = now};
  if (const auto known = application.revisions.find(revision_key(*location));
      known != application.revisions.end())
    revision = known->second;
  if (!revision.first_used) revision.first_used = now;
  revision.last_used = now;
  revision.groups.insert(request.group);
  applications_.put_revision(scope, request.application, std::move(revision));
  return deployments_.create(std::move(deployment), now);
}

/// The AppSpec file behind a location. The service's state may be another one afterwards.
Task<Result<std::string>> CodeDeployService::read_revision(Scope scope, std::string application,
                                                           Json revision) {
  if (revision.at("revisionType") != "S3") {
    if (const std::string& text = revision_text(revision); !text.empty()) co_return text;
    // Only the digest: of a revision that was registered with its text.
    const Application* owner = applications_.find(scope, application);
    if (!owner) co_return application_not_found(application);
    const auto known = owner->revisions.find(revision_key(revision));
    if (known != owner->revisions.end())
      if (const std::string& text = revision_text(known->second.location); !text.empty()) co_return text;
    co_return AwsError(rows::RevisionDoesNotExistException,
                       fmt::format("The application {} has no revision with this sha256", application));
  }
  const Json object = revision.at("s3Location");
  const std::string place = fmt::format("s3://{}/{}", text_of(object, "bucket"), text_of(object, "key"));
  if (!revisions_)
    co_return AwsError(
        rows::RevisionDoesNotExistException,
        fmt::format("{} cannot be read: there is no S3 in this emulator yet. Pass the AppSpec file's "
                    "text as a revision of type AppSpecContent or String.",
                    place));
  RevisionSource::Object read = co_await revisions_->read(scope, text_of(object, "bucket"),
                                                          text_of(object, "key"), text_of(object, "version"));
  if (!read.bytes)
    co_return AwsError(rows::RevisionDoesNotExistException,
                       fmt::format("{} cannot be read: {}", place, read.problem));
  co_return std::move(*read.bytes);
}

Task<Result<Reply>> CodeDeployService::create_deployment(Call call) {
  Result<StartRequest> request = request_in(call);
  if (!request) co_return request.error();
  if (auto allowed = may_start(request->scope, request->application, request->group); !allowed)
    co_return allowed.error();
  Result<std::string> text = co_await read_revision(request->scope, request->application, request->revision);
  if (!text) co_return text.error();
  request->app_spec = std::move(*text);
  const Result<std::string> id = start(std::move(*request));
  if (!id) co_return id.error();
  Reply reply;
  reply.output["deploymentId"] = *id;
  co_return reply;
}

}  // namespace aviary::codedeploy
