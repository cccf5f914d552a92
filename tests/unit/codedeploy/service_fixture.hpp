#pragma once

#include <deque>
#include <utility>

#include "services/codedeploy/api/codedeploy_service.hpp"
#include "support/service_calls.hpp"
#include "world.hpp"

namespace aviary::codedeploy {

/// The whole service on simulated neighbours, called as the gateway calls it.
class CodeDeploy : public testing::ServiceCalls, public TriggerSink, public RevisionSource {
 protected:
  CodeDeploy() { start(); }

  void start() {
    service.reset();
    service = std::make_unique<CodeDeployService>(CodeDeployDependencies{.clock = clock,
                                                                         .ids = ids,
                                                                         .journal = journal,
                                                                         .aliases = world,
                                                                         .hooks = world,
                                                                         .alarms = world,
                                                                         .triggers = this,
                                                                         .revisions = this});
    service->restore();
  }
  // TriggerSink, RevisionSource
  void publish(TriggerMessage message) override { published.push_back(std::move(message)); }
  Task<Object> read(Scope, std::string bucket, std::string key, std::string) override {
    const auto found = objects.find(bucket + "/" + key);
    Object object;
    if (found == objects.end())
      object.problem = "The specified key does not exist.";
    else
      object.bytes = found->second;
    co_return object;
  }

  Service& subject() override { return *service; }
  std::string error(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    if (reply) return "none";
    return std::string(reply.error().shape->code) + ": " + reply.error().message;
  }

  static Json group_settings(Json change = Json::object()) {
    Json settings{{"applicationName", "orders"},
                  {"deploymentGroupName", "orders-prod"},
                  {"deploymentConfigName", "CodeDeployDefault.LambdaCanary10Percent5Minutes"},
                  {"serviceRoleArn", "arn:aws:iam::123456789012:role/deploy"}};
    settings.merge_patch(change);
    return settings;
  }
  void create_group(Json change = Json::object()) {
    if (!service->applications().find(scope, "orders"))
      ok("CreateApplication", {{"applicationName", "orders"}, {"computePlatform", "Lambda"}});
    ok("CreateDeploymentGroup", group_settings(std::move(change)));
  }
  static std::string app_spec(const std::string& from = "5", const std::string& to = "6",
                              const std::string& hooks = "") {
    return "version: 0.0\nResources:\n  - order-processor:\n      Type: AWS::Lambda::Function\n      "
           "Properties:\n"
           "        Name: order-processor\n        Alias: prod\n        CurrentVersion: \"" +
           from + "\"\n        TargetVersion: \"" + to + "\"\n" + hooks;
  }
  static Json deployment_input(Json change = Json::object(), const std::string& spec = app_spec()) {
    Json input{{"applicationName", "orders"},
               {"deploymentGroupName", "orders-prod"},
               {"revision", {{"revisionType", "AppSpecContent"}, {"appSpecContent", {{"content", spec}}}}}};
    if (change.is_object()) input.merge_patch(change);
    return input;
  }
  std::string deploy(Json change = Json::object(), const std::string& spec = app_spec()) {
    return ok("CreateDeployment", deployment_input(std::move(change), spec)).at("deploymentId");
  }
  Json info(const std::string& id) {
    return ok("GetDeployment", {{"deploymentId", id}}).at("deploymentInfo");
  }
  std::string status(const std::string& id) { return info(id).at("status"); }
  Json target(const std::string& id) {
    return ok("GetDeploymentTarget", {{"deploymentId", id}, {"targetId", "order-processor:prod"}})
        .at("deploymentTarget")
        .at("lambdaTarget");
  }

  const Scope scope{"123456789012", "us-east-1"};
  SeededRandom ids{1, "codedeploy"};
  World world;
  std::map<std::string, std::string> objects;
  std::vector<TriggerMessage> published;
  std::unique_ptr<CodeDeployService> service;
};

}  // namespace aviary::codedeploy
