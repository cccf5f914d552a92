// `/_aviary/stacks`, `/_aviary/artifacts`: what the verb `deploy` asks for.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "app/admin.hpp"
#include "app/admin_input.hpp"
#include "app/packaging.hpp"
#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "base/time.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view stacks_root = "/_aviary/stacks";
constexpr std::string_view artifacts_root = "/_aviary/artifacts";

ServiceCall call_of(const lambda::Scope& scope, std::string service, std::string operation, Json input) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .account = scope.account,
          .region = scope.region,
          .input = std::move(input)};
}

wire::Response refusal_of(const AwsError& error) {
  return error_response(error.shape->status, error.message);
}

Task<wire::Response> put_artifact(Parts& parts, wire::Request request) {
  const lambda::Scope scope = scope_in(parts, request);
  const std::string key = below_path(request, artifacts_root);
  Json bucket{{"Bucket", artifact_bucket}};
  if (scope.region != "us-east-1")
    bucket["CreateBucketConfiguration"] = {{"LocationConstraint", scope.region}};
  auto making = call_service(parts, call_of(scope, "s3", "CreateBucket", std::move(bucket)));
  const Result<Json> made = co_await std::move(making);
  // It may be there already, and in that region that is no success.
  if (!made && made.error().shape->code.find("BucketAlready") == std::string_view::npos)
    co_return refusal_of(made.error());
  Json object{{"Bucket", artifact_bucket}, {"Key", key}, {"Body", std::move(request.body)}};
  auto putting = call_service(parts, call_of(scope, "s3", "PutObject", std::move(object)));
  const Result<Json> put = co_await std::move(putting);
  if (!put) co_return refusal_of(put.error());
  co_return json_response({{"bucket", artifact_bucket}, {"key", key}}, 201);
}

bool is_busy(const std::string& status) {
  return status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS";
}

/// The stack's row, or null when there is none.
Task<Json> describe_stack(Parts& parts, lambda::Scope scope, std::string name) {
  Json input{{"StackName", std::move(name)}};
  auto asking = call_service(parts, call_of(scope, "cloudformation", "DescribeStacks", std::move(input)));
  Result<Json> found = co_await std::move(asking);
  if (!found) co_return Json();
  co_return found->at("Stacks").at(0);
}

/// A stack that never came to be is in the way of the next attempt; false: it stays.
Task<bool> clear_remains(Parts& parts, lambda::Scope scope, std::string id) {
  Json input{{"StackName", id}};
  auto removing = call_service(parts, call_of(scope, "cloudformation", "DeleteStack", std::move(input)));
  const Result<Json> removed = co_await std::move(removing);
  if (!removed) co_return false;
  auto resting = parts.stack_rests(id);
  const bool rests = co_await std::move(resting);
  if (!rests) co_return false;
  auto looking = describe_stack(parts, scope, id);
  const Json row = co_await std::move(looking);
  co_return row.is_null() || row.value("StackStatus", "") == "DELETE_COMPLETE";
}

/// Values that are given, and of the others those that the stack has.
Json parameters_for(const Json& given, const Json& stack, const Json& declared) {
  Json rows = Json::array();
  std::set<std::string> known;
  for (const Json& each : declared) known.insert(each.value("ParameterKey", ""));
  for (const auto& [key, value] : given.items())
    rows.push_back({{"ParameterKey", key},
                    {"ParameterValue", value.is_string() ? value.get<std::string>() : value.dump()}});
  if (stack.is_null()) return rows;
  const Json before = stack.value("Parameters", Json::array());
  for (const Json& each : before) {
    const std::string key = each.value("ParameterKey", "");
    if (!given.contains(key) && known.contains(key))
      rows.push_back({{"ParameterKey", key}, {"UsePreviousValue", true}});
  }
  return rows;
}

Task<wire::Response> post_stack(Parts& parts, wire::Request request) {
  auto body = read_document(request);
  if (auto* refusal = std::get_if<wire::Response>(&body)) co_return std::move(*refusal);
  const Json& wish = std::get<Json>(body);
  if (!wish.is_object() || !wish.contains("template") || !wish["template"].is_string())
    co_return error_response(400, "A document is wanted with the template's text as its `template`.");
  const Json given = wish.value("parameters", Json::object());
  if (!given.is_object()) co_return error_response(400, "`parameters` are an object of names and values.");
  const lambda::Scope scope = scope_in(parts, request);
  const std::string name = below_path(request, stacks_root);
  Json about{{"TemplateBody", wish["template"]}};
  auto reading =
      call_service(parts, call_of(scope, "cloudformation", "GetTemplateSummary", std::move(about)));
  const Result<Json> summary = co_await std::move(reading);
  if (!summary) co_return refusal_of(summary.error());

  auto looking = describe_stack(parts, scope, name);
  Json stack = co_await std::move(looking);
  const std::string status = stack.is_null() ? "" : stack.value("StackStatus", "");
  if (is_busy(status))
    co_return error_response(
        409, fmt::format("The stack {} is in {}: it can be changed afterwards.", name, status));
  static const std::set<std::string> never_was{"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED",
                                               "DELETE_FAILED", "REVIEW_IN_PROGRESS"};
  if (never_was.contains(status)) {
    auto clearing = clear_remains(parts, scope, stack.value("StackId", ""));
    const bool gone = co_await std::move(clearing);
    if (!gone)
      co_return error_response(409,
                               fmt::format("The stack {} is in {}, and cannot be deleted.", name, status));
    stack = Json();
  }
  std::string last_event;
  if (!stack.is_null()) {
    Json which{{"StackName", name}};
    auto asking =
        call_service(parts, call_of(scope, "cloudformation", "DescribeStackEvents", std::move(which)));
    const Result<Json> events = co_await std::move(asking);
    if (events && !events->at("StackEvents").empty())
      last_event = events->at("StackEvents")[0].value("EventId", "");
  }
  Json input{{"StackName", name},
             {"TemplateBody", wish["template"]},
             {"Capabilities", {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}},
             {"Parameters", parameters_for(given, stack, summary->value("Parameters", Json::array()))}};
  const bool creates = stack.is_null();
  auto changing = call_service(
      parts, call_of(scope, "cloudformation", creates ? "CreateStack" : "UpdateStack", std::move(input)));
  const Result<Json> changed = co_await std::move(changing);
  if (!changed && changed.error().message == "No updates are to be performed.")
    co_return json_response(
        {{"operation", "none"}, {"stack_id", stack.value("StackId", "")}, {"last_event", last_event}});
  if (!changed) co_return refusal_of(changed.error());
  co_return json_response({{"operation", creates ? "create" : "update"},
                           {"stack_id", changed->value("StackId", "")},
                           {"last_event", last_event}},
                          202);
}

/// The events that came after one, oldest first.
Task<Json> events_after(Parts& parts, lambda::Scope scope, std::string name, std::string last) {
  std::vector<Json> found;
  std::string token;
  do {
    Json input{{"StackName", name}};
    if (!token.empty()) input["NextToken"] = token;
    auto asking =
        call_service(parts, call_of(scope, "cloudformation", "DescribeStackEvents", std::move(input)));
    const Result<Json> page = co_await std::move(asking);
    if (!page) break;
    token = page->value("NextToken", "");
    for (const Json& event : page->at("StackEvents")) {
      const std::string id = event.value("EventId", "");
      if (id == last) {
        token.clear();
        break;
      }
      const Instant at(
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(event.value("Timestamp", 0.0))));
      found.push_back({{"id", id},
                       {"time", iso8601(at).substr(11, 12)},
                       {"status", event.value("ResourceStatus", "")},
                       {"type", event.value("ResourceType", "")},
                       {"logical_id", event.value("LogicalResourceId", "")},
                       {"reason", event.value("ResourceStatusReason", "")}});
    }
  } while (!token.empty());
  std::ranges::reverse(found);
  co_return Json(found);
}

Task<wire::Response> get_stack(Parts& parts, wire::Request request) {
  const lambda::Scope scope = scope_in(parts, request);
  const std::string name = below_path(request, stacks_root);
  const std::string last = query_parameter(request, "after").value_or("");
  // First the state, then the events: what has ended has all of them.
  auto looking = describe_stack(parts, scope, name);
  const Json stack = co_await std::move(looking);
  if (stack.is_null()) co_return error_response(404, fmt::format("There is no stack {}.", name));
  auto reading = events_after(parts, scope, name, last);
  Json events = co_await std::move(reading);
  Json outputs = Json::array();
  for (const Json& output : stack.value("Outputs", Json::array()))
    outputs.push_back({{"key", output.value("OutputKey", "")}, {"value", output.value("OutputValue", "")}});
  const std::string status = stack.value("StackStatus", "");
  co_return json_response({{"stack_id", stack.value("StackId", "")},
                           {"status", status},
                           {"reason", stack.value("StackStatusReason", "")},
                           {"busy", is_busy(status)},
                           {"outputs", std::move(outputs)},
                           {"events", std::move(events)}});
}

}  // namespace

void add_stack_routes(Parts& parts) {
  Admin& admin = parts.admin;
  admin.add_task("PUT", std::string(artifacts_root) + "/*",
                 [&parts](wire::Request request) { return put_artifact(parts, std::move(request)); });
  admin.add_task("POST", std::string(stacks_root) + "/*",
                 [&parts](wire::Request request) { return post_stack(parts, std::move(request)); });
  admin.add_task("GET", std::string(stacks_root) + "/*",
                 [&parts](wire::Request request) { return get_stack(parts, std::move(request)); });
}

}  // namespace aviary::app
