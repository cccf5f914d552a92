#include "app/codedeploy_ties.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace aviary::app {
namespace {

Task<> run_hook(lambda::LambdaService& lambda, lambda::NeighbourCall call,
                codedeploy::HookInvoker::Done done) {
  const auto loop = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(loop, boost::asio::use_awaitable);  // never from within `invoke`
  const Result<lambda::NeighbourOutcome> outcome = co_await lambda.invoke_for_neighbour(std::move(call));
  // How the function ended says nothing: only its report does.
  done(outcome ? std::nullopt : std::optional(outcome.error().message));
}

}  // namespace

lambda::Function* CodeDeployTies::function_of(const codedeploy::Scope& scope, const std::string& text) const {
  const lambda::FunctionReference reference = lambda::parse_function_reference(text);
  lambda::Scope owner{scope.account, scope.region};
  if (!reference.account.empty()) owner.account = reference.account;
  if (!reference.region.empty() && reference.region != owner.region) return nullptr;
  return owners_.lambda.store().find(owner, reference.name, moment());
}

codedeploy::AliasControl::Found CodeDeployTies::find(const codedeploy::Scope& scope,
                                                     const std::string& function, const std::string& alias) {
  const lambda::Function* found = function_of(scope, function);
  if (!found) return {};
  const auto entry = found->aliases.find(alias);
  if (entry == found->aliases.end()) return {.function = true};
  const lambda::Routing& routing = entry->second.routing;
  return {.function = true,
          .routing = codedeploy::AliasRouting{.version = routing.version,
                                              .additional_version = routing.additional_version,
                                              .additional_weight = routing.additional_weight}};
}

bool CodeDeployTies::has_version(const codedeploy::Scope& scope, const std::string& function,
                                 const std::string& version) {
  const lambda::Function* found = function_of(scope, function);
  return found && owners_.lambda.store().find_version(*found, version);
}

std::optional<std::string> CodeDeployTies::update(const codedeploy::Scope& scope, const std::string& function,
                                                  const std::string& alias,
                                                  const codedeploy::AliasRouting& routing) {
  lambda::Function* found = function_of(scope, function);
  if (!found) return "Function not found: " + function;
  lambda::AliasChange change;
  change.version = routing.version;
  change.has_routing = true;
  if (routing.splits())
    change.additional = lambda::AdditionalVersion{routing.additional_version, routing.additional_weight};
  const auto updated = owners_.lambda.store().update_alias(*found, alias, change, moment());
  return updated ? std::nullopt : std::optional(updated.error().message);
}

void CodeDeployTies::invoke(const codedeploy::Scope& scope, std::string function, std::string event,
                            Done done) {
  lambda::NeighbourCall call{
      .caller = {scope.account, scope.region}, .function = std::move(function), .payload = std::move(event)};
  owners_.tasks.spawn("a deployment's hook", run_hook(owners_.lambda, std::move(call), std::move(done)));
}

std::optional<bool> CodeDeployTies::is_active(const codedeploy::Scope& scope, const std::string& alarm) {
  const auto state = owners_.alarms.state_of({.account = scope.account, .region = scope.region}, alarm);
  if (!state) return std::nullopt;
  return *state == cloudwatch::AlarmState::Alarm;
}

void CodeDeployTies::publish(codedeploy::TriggerMessage message) {
  Message sent{.account = message.scope.account,
               .region = message.scope.region,
               .target = message.topic,
               .body = std::move(message.message),
               .subject = std::move(message.subject)};
  owners_.delivery.send(std::move(sent), [topic = message.topic](const std::optional<std::string>& problem) {
    if (problem) log::warn("a deployment's trigger could not tell {}: {}", topic, *problem);
  });
}

}  // namespace aviary::app
