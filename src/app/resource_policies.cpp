#include "app/resource_policies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/parts.hpp"

namespace aviary::app {
namespace {

/// The fields of `arn:aws:SERVICE:REGION:ACCOUNT:NAME`; the name may have colons.
std::optional<std::array<std::string_view, 6>> fields_of(std::string_view arn) {
  std::array<std::string_view, 6> fields;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    fields[i] = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
  }
  fields[5] = arn;
  return fields;
}

std::string after(std::string_view text, std::string_view prefix) {
  return std::string(text.substr(prefix.size()));
}

}  // namespace

std::optional<ResourceQuestion> policy_question(std::string_view arn) {
  const auto fields = fields_of(arn);
  if (!fields) return std::nullopt;
  const std::string_view service = (*fields)[2];
  const std::string_view name = (*fields)[5];
  const std::string text(arn);
  constexpr std::string_view access_point = "accesspoint/";
  if (service == "s3" && name.starts_with(access_point)) {
    const std::string point = after(name, access_point);
    return ResourceQuestion{"s3control",
                            "GetAccessPointPolicy",
                            {{"AccountId", (*fields)[4]}, {"Name", point.substr(0, point.find('/'))}},
                            "/Policy"};
  }
  if (service == "s3" && !name.empty())
    return ResourceQuestion{"s3", "GetBucketPolicy", {{"Bucket", name.substr(0, name.find('/'))}}, ""};
  if (service == "sqs")
    return ResourceQuestion{"sqs",
                            "GetQueueAttributes",
                            {{"QueueUrl", fmt::format("http://localhost/{}/{}", (*fields)[4], name)},
                             {"AttributeNames", {"Policy"}}},
                            "/Attributes/Policy"};
  if (service == "sns" && name.find_first_of(":/") == std::string_view::npos)
    return ResourceQuestion{"sns", "GetTopicAttributes", {{"TopicArn", text}}, "/Attributes/Policy"};
  if (service == "lambda" && name.starts_with("function:")) {
    const std::string function = after(name, "function:");
    const std::size_t colon = function.find(':');
    Json input{{"FunctionName", function.substr(0, colon)}};
    if (colon != std::string::npos && function.substr(colon + 1) != "$LATEST")
      input["Qualifier"] = function.substr(colon + 1);
    return ResourceQuestion{"lambda", "GetPolicy", std::move(input), "/Policy"};
  }
  if (service == "secretsmanager" && name.starts_with("secret:"))
    return ResourceQuestion{"secretsmanager", "GetResourcePolicy", {{"SecretId", text}}, "/ResourcePolicy"};
  if (service == "ssm" && name.starts_with("parameter/"))
    return ResourceQuestion{"ssm", "GetResourcePolicies", {{"ResourceArn", text}}, "/Policies/0/Policy"};
  if (service == "events" && name.starts_with("event-bus/"))
    return ResourceQuestion{"events", "DescribeEventBus", {{"Name", after(name, "event-bus/")}}, "/Policy"};
  if (service == "ecr" && name.starts_with("repository/"))
    return ResourceQuestion{
        "ecr", "GetRepositoryPolicy", {{"repositoryName", after(name, "repository/")}}, "/policyText"};
  return std::nullopt;
}

std::optional<ResourceQuestion> name_question(std::string_view service, const Json& input,
                                              const std::string& resource) {
  if (const std::size_t mark = resource.find(":secret:");
      service == "secretsmanager" && mark != std::string::npos)
    return ResourceQuestion{
        "secretsmanager", "DescribeSecret", {{"SecretId", resource.substr(mark + 8)}}, "/ARN"};
  if (service == "codedeploy" && input.contains("deploymentId"))
    return ResourceQuestion{
        "codedeploy", "GetDeployment", {{"deploymentId", input["deploymentId"]}}, "/deploymentInfo"};
  return std::nullopt;
}

Task<Json> ask_service(Parts& parts, std::string account, std::string region, ResourceQuestion question) {
  static const wire::Request no_request{};
  const auto found = std::ranges::find_if(
      parts.services, [&](Service* service) { return service->model().id == question.service; });
  if (found == parts.services.end()) co_return Json();
  Call call{};
  call.operation = (*found)->model().find_operation(question.operation);
  call.account = std::move(account);
  call.region = std::move(region);
  call.now = parts.clock.now();
  call.input = std::move(question.input);
  call.http = &no_request;
  call.base_url = parts.endpoint();
  auto asking = (*found)->call(std::move(call));
  const Result<Reply> reply = co_await std::move(asking);
  if (!reply) co_return Json();
  if (question.answer.empty()) co_return Json(reply->payload);
  const Json::json_pointer where{std::string(question.answer)};
  if (!reply->output.contains(where)) co_return Json();
  co_return reply->output[where];
}

}  // namespace aviary::app
