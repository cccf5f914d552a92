#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/api/platform.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

Json render_application(const Application& application) {
  return {{"applicationId", application.id},
          {"applicationName", application.name},
          {"createTime", epoch_seconds(application.created)},
          {"linkedToGitHub", false},
          {"computePlatform", "Lambda"}};
}

AwsError application_exists(const std::string& name) {
  return AwsError(rows::ApplicationAlreadyExistsException,
                  fmt::format("Application already exists with name: {}", name));
}

}  // namespace

Result<Reply> CodeDeployService::create_application(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  if (auto lambda = check_platform(call.input); !lambda) return lambda.error();
  Result<Tags> tags = tags_of(find_member(call.input, "tags"));
  if (!tags) return tags.error();
  if (applications_.find(scope_of(call), name)) return application_exists(name);
  Application application{.id = ids_.uuid(),
                          .name = name,
                          .scope = scope_of(call),
                          .created = call.now,
                          .tags = std::move(*tags)};
  Reply reply;
  reply.output["applicationId"] = application.id;
  applications_.add(std::move(application));
  return reply;
}

Result<Reply> CodeDeployService::get_application(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Application* application = applications_.find(scope_of(call), name);
  if (!application) return application_not_found(name);
  return Reply{.output = {{"application", render_application(*application)}}};
}

Result<Reply> CodeDeployService::batch_get_applications(Call& call) {
  const std::vector<std::string> names = texts_of(call.input, "applicationNames");
  if (names.empty()) return check_application_name("").error();
  if (auto few = check_batch(names); !few) return few.error();
  Reply reply;
  Json& list = reply.output["applicationsInfo"] = Json::array();
  for (const std::string& name : names) {
    if (auto valid = check_application_name(name); !valid) return valid.error();
    const Application* application = applications_.find(scope_of(call), name);
    if (!application) return application_not_found(name);
    list.push_back(render_application(*application));
  }
  return reply;
}

Result<Reply> CodeDeployService::list_applications(Call& call) {
  std::vector<std::string> names;
  for (const auto& [name, application] : applications_.in(scope_of(call))) names.push_back(name);
  return page_of(names, text_of(call.input, "nextToken"), "applications", true);
}

Result<Reply> CodeDeployService::update_application(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Scope scope = scope_of(call);
  if (!applications_.find(scope, name)) return application_not_found(name);
  const std::string& new_name = text_of(call.input, "newApplicationName");
  if (new_name.empty()) return Reply{};
  if (auto valid = check_application_name(new_name); !valid) return valid.error();
  if (applications_.find(scope, new_name)) return application_exists(new_name);
  applications_.rename(scope, name, new_name);
  deployments_.rename(scope, name, {}, new_name);
  return Reply{};
}

/// One that does not exist is deleted as well: the operation's model has no error for that.
Result<Reply> CodeDeployService::delete_application(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Scope scope = scope_of(call);
  const Application* application = applications_.find(scope, name);
  if (!application) return Reply{};
  std::vector<std::string> groups;
  for (const auto& [group, settings] : application->groups) groups.push_back(group);
  for (const std::string& group : groups) deployments_.abandon(scope, name, group, true, call.now);
  applications_.erase(scope, name);
  return Reply{};
}

}  // namespace aviary::codedeploy
