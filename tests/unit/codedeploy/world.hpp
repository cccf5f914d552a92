#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/codedeploy/core/deployments.hpp"
#include "services/codedeploy/jobs/deployment_timer.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"

namespace aviary::codedeploy {

/// The rest of the cloud, as far as a deployment sees it.
class World : public AliasControl, public HookInvoker, public AlarmProbe {
 public:
  // AliasControl: one function with versions and an alias.
  Found find(const Scope&, const std::string& function, const std::string& alias) override {
    if (function != "order-processor" || !function_exists) return {};
    if (alias != "prod") return {.function = true};
    return {.function = true, .routing = routing};
  }
  bool has_version(const Scope&, const std::string&, const std::string& version) override {
    return versions.contains(version);
  }
  std::optional<std::string> update(const Scope&, const std::string&, const std::string&,
                                    const AliasRouting& wanted) override {
    if (!function_exists) return "Function not found";
    routing = wanted;
    ++updates;
    return std::nullopt;
  }
  // HookInvoker
  void invoke(const Scope&, std::string function, std::string event, Done done) override {
    invoked.push_back({std::move(function), Json::parse(event), std::move(done)});
  }
  // AlarmProbe
  std::optional<bool> is_active(const Scope&, const std::string& alarm) override {
    const auto found = alarms.find(alarm);
    return found == alarms.end() ? std::nullopt : std::optional<bool>(found->second);
  }

  struct Invoked {
    std::string function;
    Json event;
    Done done;
  };
  bool function_exists = true;
  std::optional<AliasRouting> routing = AliasRouting{.version = "5"};
  std::set<std::string> versions{"4", "5", "6"};
  std::map<std::string, bool> alarms;
  std::vector<Invoked> invoked;
  int updates = 0;
};

/// Deployments of one group on simulated ports.
class DeploymentsTest : public ::testing::Test {
 protected:
  DeploymentsTest() { start(); }

  void start() {
    timer_.reset();
    deployments_ = std::make_unique<Deployments>(
        Neighbours{
            .aliases = world_, .hooks = world_, .alarms = world_, .now = [this] { return clock_.now(); }},
        ids_, journal_);
    timer_ = std::make_unique<DeploymentTimer>(clock_, *deployments_);
    deployments_->on_status_change([this](const Deployment& deployment) {
      statuses_.push_back(deployment.id + " " + std::string(name_of(deployment.status)));
    });
  }
  /// The next process on the same folder.
  void restart() {
    start();
    deployments_->restore();
  }

  Deployment request(TrafficRouting routing) const {
    Deployment deployment;
    deployment.scope = scope_;
    deployment.application = "orders";
    deployment.group = "orders-prod";
    deployment.config = "custom";
    deployment.routing = routing;
    deployment.revision = {{"revisionType", "String"}};
    deployment.spec = {.resource = "order-processor",
                       .function = "order-processor",
                       .alias = "prod",
                       .current_version = "5",
                       .target_version = "6"};
    return deployment;
  }
  Deployment canary() const { return request({TrafficType::TimeBasedCanary, 10, 5}); }
  static Deployment with_rollback(Deployment deployment) {
    deployment.auto_rollback = {
        {"enabled", true},
        {"events", {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}}};
    return deployment;
  }
  static Deployment watching(Deployment deployment, const std::string& alarm, bool ignore = false) {
    deployment.alarms = {
        {"enabled", true}, {"ignorePollAlarmFailure", ignore}, {"alarms", {{{"name", alarm}}}}};
    return deployment;
  }

  std::string create(Deployment deployment) {
    return deployments_->create(std::move(deployment), clock_.now());
  }
  const Deployment& at(const std::string& id) const { return *deployments_->find(scope_, id); }
  std::string status(const std::string& id) const { return std::string(name_of(at(id).status)); }
  std::vector<std::string> events(const std::string& id) const {
    std::vector<std::string> found;
    for (const LifecycleEvent& event : at(id).events) found.emplace_back(name_of(event.status));
    return found;
  }
  std::string share() const {
    if (!world_.routing) return "no alias";
    const AliasRouting& routing = *world_.routing;
    if (!routing.splits()) return routing.version;
    return routing.version + "+" + routing.additional_version + "@" +
           std::to_string(static_cast<int>(routing.additional_weight * 100 + 0.5));
  }

  const Scope scope_{"123456789012", "us-east-1"};
  testing::ManualClock clock_;
  SeededRandom ids_{1, "codedeploy"};
  testing::MemoryJournal journal_;
  World world_;
  std::unique_ptr<Deployments> deployments_;
  std::unique_ptr<DeploymentTimer> timer_;
  std::vector<std::string> statuses_;
};

}  // namespace aviary::codedeploy
