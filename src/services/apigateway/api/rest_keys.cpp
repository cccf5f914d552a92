#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// API keys, usage plans, and which key is in which plan: `plan-keys/<plan>/<key>`.
namespace aviary::apigateway {
namespace {

constexpr PatchRule key_rules[] = {
    {"/name"}, {"/description"}, {"/customerId"}, {"/enabled", PatchKind::Flag}};
constexpr PatchRule plan_rules[] = {{"/name"},
                                    {"/description"},
                                    {"/productCode"},
                                    {"/throttle/burstLimit", PatchKind::Integer},
                                    {"/throttle/rateLimit", PatchKind::Number},
                                    {"/quota/limit", PatchKind::Integer},
                                    {"/quota/offset", PatchKind::Integer},
                                    {"/quota/period"}};

std::string plan_key_key(std::string_view plan, std::string_view key) {
  return fmt::format("plan-keys/{}/{}", plan, key);
}

Json sent_key(const Json& key, bool with_value) {
  Json sent = rest_sent(key);
  if (!with_value) sent.erase("value");
  return sent;
}

/// `API:STAGE` in patches of `/apiStages`.
bool change_stages(Json& plan, const Json& operation) {
  const std::string& value = text_of(operation, "value");
  const std::size_t colon = value.find(':');
  if (colon == std::string::npos) return false;
  const Json row{{"apiId", value.substr(0, colon)}, {"stage", value.substr(colon + 1)}};
  Json& stages = plan["apiStages"];
  if (!stages.is_array()) stages = Json::array();
  const auto found = std::ranges::find_if(stages, [&](const Json& each) {
    return each.value("apiId", "") == row.value("apiId", "") &&
           each.value("stage", "") == row.value("stage", "");
  });
  if (text_of(operation, "op") == "remove") {
    if (found == stages.end()) return false;
    stages.erase(found);
  } else if (found == stages.end()) {
    stages.push_back(row);
  }
  return true;
}

Result<> check_quota(const Json& plan) {
  const Json* quota = find_member(plan, "quota");
  if (quota == nullptr) return {};
  const std::string& period = text_of(*quota, "period");
  if (period != "DAY" && period != "WEEK" && period != "MONTH")
    return rest_bad_request("Usage Plan quota period must be one of DAY, WEEK, MONTH");
  return {};
}

}  // namespace

Result<Json> RestApiService::key_of(const Call& call) const {
  const Json* key = entities_.find(rest_account_folder(call, "keys") + text_of(call.input, "apiKey"));
  if (key == nullptr) return rest_not_found("Invalid API Key identifier specified");
  return *key;
}

Result<Json> RestApiService::plan_of(const Call& call) const {
  const Json* plan = entities_.find(rest_account_folder(call, "plans") + text_of(call.input, "usagePlanId"));
  if (plan == nullptr) return rest_not_found("Invalid Usage Plan ID specified");
  return *plan;
}

Result<Reply> RestApiService::create_key(Call& call) {
  Json key = call.input;
  const Json stages = key.value("stageKeys", Json::array());
  key.erase("stageKeys");
  key.erase("generateDistinctId");
  std::string value = text_of(key, "value");
  if (value.empty()) value = new_key_value(ids_);
  if (value.size() < 20) return rest_bad_request("API Key value should be at least 20 characters");
  for (const auto& [at, other] : entities_.below(rest_account_folder(call, "keys")))
    if (text_of(*other, "value") == value) return rest_conflict("API Key already exists");
  rest_fill(key, {{"enabled", false}, {"stageKeys", Json::array()}});
  key["value"] = value;
  key["id"] = new_id(ids_, 10);
  key["createdDate"] = rest_seconds(call);
  key["lastUpdatedDate"] = rest_seconds(call);
  for (const Json& stage : stages)
    key["stageKeys"].push_back(
        fmt::format("{}/{}", text_of(stage, "restApiId"), text_of(stage, "stageName")));
  entities_.put(rest_account_folder(call, "keys") + text_of(key, "id"), key);
  return Reply{.output = sent_key(key, true)};
}

Result<Reply> RestApiService::get_key(Call& call) {
  const Result<Json> key = key_of(call);
  if (!key) return key.error();
  return Reply{.output = sent_key(*key, flag_of(call.input, "includeValue"))};
}

Result<Reply> RestApiService::get_keys(Call& call) {
  Json items = Json::array();
  const std::string& name = text_of(call.input, "nameQuery");
  for (const auto& [at, key] : entities_.below(rest_account_folder(call, "keys")))
    if (text_of(*key, "name").starts_with(name) &&
        (!call.input.contains("customerId") ||
         text_of(*key, "customerId") == text_of(call.input, "customerId")))
      items.push_back(sent_key(*key, flag_of(call.input, "includeValues")));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_key(Call& call) {
  Result<Json> key = key_of(call);
  if (!key) return key.error();
  Result<Json> changed = rest_patched(call, std::move(*key), key_rules);
  if (!changed) return changed.error();
  (*changed)["lastUpdatedDate"] = rest_seconds(call);
  entities_.put(rest_account_folder(call, "keys") + text_of(*changed, "id"), *changed);
  return Reply{.output = sent_key(*changed, false)};
}

Result<Reply> RestApiService::delete_key(Call& call) {
  const Result<Json> key = key_of(call);
  if (!key) return key.error();
  const std::string id = text_of(*key, "id");
  std::vector<std::string> gone;
  for (const auto& [at, plan] : entities_.below("plan-keys/"))
    if (at.ends_with("/" + id)) gone.emplace_back(at);
  for (const std::string& at : gone) entities_.erase(at);
  entities_.erase(rest_account_folder(call, "keys") + id);
  return Reply{};
}

Result<> RestApiService::check_stages(const Call& call, const Json& plan) const {
  for (const Json& stage : plan.value("apiStages", Json::array())) {
    const Json* api = entities_.find(api_key(text_of(stage, "apiId")));
    if (api == nullptr || text_of(*api, "_account") != call.account)
      return rest_not_found(
          fmt::format("Invalid API identifier specified {}:{}", call.account, text_of(stage, "apiId")));
    if (!entities_.find(member_key(text_of(stage, "apiId"), "stages", text_of(stage, "stage"))))
      return rest_not_found(
          fmt::format("API Stage not found: {}:{}", text_of(stage, "apiId"), text_of(stage, "stage")));
  }
  return {};
}

Result<Reply> RestApiService::create_plan(Call& call) {
  Json plan = call.input;
  if (text_of(plan, "name").empty()) return rest_bad_request("Usage Plan name cannot be empty");
  if (const Result<> fine = check_stages(call, plan); !fine) return fine.error();
  if (const Result<> fine = check_quota(plan); !fine) return fine.error();
  rest_fill(plan, {{"apiStages", Json::array()}});
  plan["id"] = new_id(ids_, 6);
  entities_.put(rest_account_folder(call, "plans") + text_of(plan, "id"), plan);
  return Reply{.output = std::move(plan)};
}

Result<Reply> RestApiService::get_plan(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  return Reply{.output = rest_sent(*plan)};
}

Result<Reply> RestApiService::get_plans(Call& call) {
  Json items = Json::array();
  const std::string& key = text_of(call.input, "keyId");
  for (const auto& [at, plan] : entities_.below(rest_account_folder(call, "plans")))
    if (key.empty() || entities_.find(plan_key_key(text_of(*plan, "id"), key)))
      items.push_back(rest_sent(*plan));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_plan(Call& call) {
  Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  Json rest = Json::array();
  for (const Json& operation : call.input.value("patchOperations", Json::array())) {
    if (text_of(operation, "path") != "/apiStages")
      rest.push_back(operation);
    else if (!change_stages(*plan, operation))
      return rest_bad_request("Invalid API Stage: it is <api id>:<stage>");
  }
  call.input["patchOperations"] = std::move(rest);
  Result<Json> changed = rest_patched(call, std::move(*plan), plan_rules);
  if (!changed) return changed.error();
  if (const Result<> fine = check_stages(call, *changed); !fine) return fine.error();
  if (const Result<> fine = check_quota(*changed); !fine) return fine.error();
  entities_.put(rest_account_folder(call, "plans") + text_of(*changed, "id"), *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_plan(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  if (!plan->value("apiStages", Json::array()).empty())
    return rest_bad_request(
        fmt::format("Cannot delete Usage Plan with associated API stages : {}", text_of(*plan, "id")));
  const std::string id = text_of(*plan, "id");
  entities_.erase_below(plan_key_key(id, ""));
  entities_.erase(rest_account_folder(call, "plans") + id);
  return Reply{};
}

Result<Reply> RestApiService::create_plan_key(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  const std::string id = text_of(call.input, "keyId");
  if (text_of(call.input, "keyType") != "API_KEY") return rest_bad_request("Invalid key type: it is API_KEY");
  const Json* key = entities_.find(rest_account_folder(call, "keys") + id);
  if (key == nullptr) return rest_not_found("Invalid API Key identifier specified");
  const std::string at = plan_key_key(text_of(*plan, "id"), id);
  if (entities_.find(at)) return rest_conflict("Usage Plan Key already exists");
  Json made{
      {"id", id}, {"type", "API_KEY"}, {"value", text_of(*key, "value")}, {"name", text_of(*key, "name")}};
  entities_.put(at, made);
  return Reply{.output = std::move(made)};
}

Result<Reply> RestApiService::get_plan_key(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  const Json* found = entities_.find(plan_key_key(text_of(*plan, "id"), text_of(call.input, "keyId")));
  if (found == nullptr) return rest_not_found("Invalid Usage Plan Key identifier specified");
  return Reply{.output = *found};
}

Result<Reply> RestApiService::get_plan_keys(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  Json items = Json::array();
  for (const auto& [at, key] : entities_.below(plan_key_key(text_of(*plan, "id"), "")))
    if (text_of(*key, "name").starts_with(text_of(call.input, "nameQuery"))) items.push_back(*key);
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::delete_plan_key(Call& call) {
  const Result<Json> plan = plan_of(call);
  if (!plan) return plan.error();
  const std::string at = plan_key_key(text_of(*plan, "id"), text_of(call.input, "keyId"));
  if (!entities_.find(at)) return rest_not_found("Invalid Usage Plan Key identifier specified");
  entities_.erase(at);
  return Reply{};
}

}  // namespace aviary::apigateway
