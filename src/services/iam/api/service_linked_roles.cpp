#include <algorithm>
#include <cctype>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

/// Roles that a service brings itself: `lambda.amazonaws.com` → `AWSServiceRoleForLambda`.
namespace aviary::iam {
namespace {

/// The services whose roles have a name that is not made from the service's. "Services that work with
/// IAM", and the pages it leads to.
constexpr std::pair<std::string_view, std::string_view> names[] = {
    {"apidestinations.events.amazonaws.com", "AmazonEventBridgeApiDestinations"},
    {"autoscaling.amazonaws.com", "AutoScaling"},
    {"elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing"},
    {"ops.apigateway.amazonaws.com", "APIGateway"},
    {"lambda.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_LambdaConcurrency"},
    {"lambda.amazonaws.com", "Lambda"},
    {"logs.amazonaws.com", "Logs"},
    {"events.amazonaws.com", "CloudWatchEvents"},
    {"ssm.amazonaws.com", "AmazonSSM"},
};

std::string role_for(std::string_view service) {
  const auto known = std::ranges::find(names, service, &std::pair<std::string_view, std::string_view>::first);
  if (known != std::end(names)) return std::string(known->second);
  std::string name(service.substr(0, service.find('.')));
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name;
}

}  // namespace

Result<Reply> IamService::create_service_linked_role(Call& call) {
  const std::string service = iam_text(call.input, "AWSServiceName");
  if (!service.ends_with(".amazonaws.com") || service.starts_with('.'))
    return AwsError(models::iam::errors::InvalidInputException,
                    fmt::format("Cannot find Service Linked Role template for {}", service));
  std::string name = "AWSServiceRoleFor" + role_for(service);
  if (const std::string suffix = iam_text(call.input, "CustomSuffix"); !suffix.empty()) name += '_' + suffix;
  if (directory_.find(call.account, "role", name) != nullptr)
    return AwsError(
        models::iam::errors::InvalidInputException,
        fmt::format("Service role name {} has been taken in this account, please try a different suffix.",
                    name));
  const std::string path = fmt::format("/aws-service-role/{}/", service);
  const Json trust{
      {"Version", "2012-10-17"},
      {"Statement",
       {{{"Action", {"sts:AssumeRole"}}, {"Effect", "Allow"}, {"Principal", {{"Service", {service}}}}}}}};
  Json role{{"Path", path},
            {"RoleName", name},
            {"RoleId", new_id("AROA")},
            {"Arn", fmt::format("arn:aws:iam::{}:role{}{}", call.account, path, name)},
            {"CreateDate", whole_epoch_seconds(call.now)},
            {"MaxSessionDuration", 3600},
            {"AssumeRolePolicyDocument", trust.dump()}};
  if (call.input.contains("Description")) role["Description"] = call.input["Description"];
  Reply reply;
  reply.output["Role"] = sent(role);
  directory_.put(call.account, "role", name, std::move(role));
  return reply;
}

/// Nothing here uses such a role, so it goes at once; its task is one that has succeeded.
Result<Reply> IamService::delete_service_linked_role(Call& call) {
  const std::string name = iam_text(call.input, "RoleName");
  const Json* role = directory_.find(call.account, "role", name);
  const std::string path = role == nullptr ? std::string() : role->value("Path", "");
  if (!path.starts_with("/aws-service-role/"))
    return no_such_entity(fmt::format("The role with name {} cannot be found.", name));
  directory_.erase(call.account, "role", name);
  const std::string task = fmt::format("task{}{}/{}", path, name, ids_.uuid());
  directory_.put(call.account, "deletion-task", task, {{"Status", "SUCCEEDED"}});
  Reply reply;
  reply.output["DeletionTaskId"] = task;
  return reply;
}

Result<Reply> IamService::get_service_linked_role_deletion_status(Call& call) {
  const std::string task = iam_text(call.input, "DeletionTaskId");
  const Json* found = directory_.find(call.account, "deletion-task", task);
  if (found == nullptr) return no_such_entity(fmt::format("Deletion id {} not found.", task));
  Reply reply;
  reply.output = *found;
  return reply;
}

}  // namespace aviary::iam
