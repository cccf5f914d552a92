#include <fmt/format.h>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

/// Reads `RoutingConfig`: AWS's own form, or over plain REST the short form of many articles,
/// `{"AdditionalVersionWeight": 0.1, "FunctionVersion": "2"}`.
Result<AliasChange> alias_change(const Json& input) {
  AliasChange change;
  change.revision_id = text_of(input, "RevisionId");
  if (const Json* version = find_member(input, "FunctionVersion"))
    change.version = version->get<std::string>();
  if (const Json* description = find_member(input, "Description"))
    change.description = description->get<std::string>();
  const Json* routing = find_member(input, "RoutingConfig");
  if (!routing) return change;
  change.has_routing = true;
  if (const Json* weights = find_member(*routing, "AdditionalVersionWeights"); weights && !weights->empty()) {
    if (weights->size() > 1) {
      return invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    change.additional = AdditionalVersion{weights->begin().key(), weights->begin().value().get<double>()};
  } else if (const Json* weight = find_member(*routing, "AdditionalVersionWeight")) {
    change.additional = AdditionalVersion{text_of(*routing, "FunctionVersion"), weight->get<double>()};
    if (change.additional->version.empty()) {
      return invalid_parameter(
          "RoutingConfig has an AdditionalVersionWeight, but no FunctionVersion that it is for.");
    }
  } else if (find_member(*routing, "FunctionVersion")) {
    return invalid_parameter("RoutingConfig has a FunctionVersion, but no AdditionalVersionWeight.");
  }
  return change;
}

}  // namespace

Result<Reply> LambdaService::create_alias(Call& call) {
  const Result<Target> target = function_target_of(call);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  const Result<AliasChange> change = alias_change(call.input);
  if (!change) return change.error();
  if (!function) return function_not_found(target->scope, target->name, *change->version);
  const Result<const Alias*> alias =
      store_.create_alias(*function, text_of(call.input, "Name"), *change, moment());
  if (!alias) return alias.error();
  return Reply{.output = render_alias(*function, **alias)};
}

Result<Reply> LambdaService::get_alias(Call& call) {
  const Result<Target> target = function_target_of(call);
  if (!target) return target.error();
  const std::string& name = text_of(call.input, "Name");
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const auto found = function->aliases.find(name);
  if (found == function->aliases.end()) return alias_arn_not_found(target->scope, target->name, name);
  return Reply{.output = render_alias(*function, found->second)};
}

Result<Reply> LambdaService::update_alias(Call& call) {
  const Result<Target> target = function_target_of(call);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const Result<AliasChange> change = alias_change(call.input);
  if (!change) return change.error();
  const Result<const Alias*> alias =
      store_.update_alias(*function, text_of(call.input, "Name"), *change, moment());
  if (!alias) return alias.error();
  provision(*function, false);
  return Reply{.output = render_alias(*function, **alias)};
}

Result<Reply> LambdaService::delete_alias(Call& call) {
  const Result<Target> target = function_target_of(call);
  if (!target) return target.error();
  const std::string& name = text_of(call.input, "Name");
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  // One that does not exist is deleted as well (recorded: test_non_existent_alias_deletion).
  route_log_.forget(function_arn(target->scope, target->name, name));
  store_.erase_alias(*function, name);
  provision(*function, false);
  return Reply{};
}

Result<Reply> LambdaService::list_aliases(Call& call) {
  const Result<Target> target = function_target_of(call);
  if (!target) return target.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const std::string& version = text_of(call.input, "FunctionVersion");

  Reply reply;
  Json& list = reply.output["Aliases"] = Json::array();
  std::string last;
  auto next = page->after.empty() ? function->aliases.begin() : function->aliases.upper_bound(page->after);
  for (; next != function->aliases.end(); ++next) {
    if (!version.empty() && next->second.routing.version != version) continue;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(last);
      break;
    }
    list.push_back(render_alias(*function, next->second));
    last = next->first;
  }
  return reply;
}

}  // namespace aviary::lambda
