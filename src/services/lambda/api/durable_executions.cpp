#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/errors.hpp"

/// Durable executions: what their functions checkpoint, and what everybody may see of them.
namespace aviary::lambda {
namespace {

constexpr std::int64_t longest_wait_seconds = 900;
constexpr std::size_t default_page = 100;
constexpr std::size_t most_of_a_page = 1000;

/// Where a page starts, by position, and how long it is.
struct PositionPage {
  std::size_t from = 0;
  std::size_t size = default_page;
};
Result<PositionPage> position_page_of(const Json& input) {
  PositionPage page;
  if (const Json* items = find_member(input, "MaxItems"))
    if (const auto wanted = items->get<std::size_t>(); wanted > 0)
      page.size = std::min(wanted, most_of_a_page);
  if (const std::string& marker = text_of(input, "Marker"); !marker.empty()) {
    const auto [end, problem] = std::from_chars(marker.data(), marker.data() + marker.size(), page.from);
    if (problem != std::errc() || end != marker.data() + marker.size())
      return invalid_parameter("Invalid marker.");
  }
  return page;
}

/// One page of `all`, by a renderer; sets the marker where more follow.
template <class Items, class Render>
void fill_page(Json& output, const char* member, const Items& all, const PositionPage& page, Render render) {
  Json& list = output[member] = Json::array();
  std::size_t at = page.from;
  for (; at < all.size() && list.size() < page.size; ++at) list.push_back(render(all[at]));
  if (at < all.size()) output["NextMarker"] = std::to_string(at);
}

Json render_summary(const DurableExecution& execution) {
  Json out{{"DurableExecutionArn", execution.arn()},
           {"DurableExecutionName", execution.name},
           {"FunctionArn", function_arn(execution.scope, execution.function_name, execution.version)},
           {"Status", execution.status},
           {"StartTimestamp", epoch_seconds(execution.started)}};
  if (execution.ended) out["EndTimestamp"] = epoch_seconds(*execution.ended);
  return out;
}

/// An event without what was passed around: payloads and errors.
Json without_data(Json event) {
  for (auto& [name, details] : event.items()) {
    if (!name.ends_with("Details") || !details.is_object()) continue;
    for (const char* member : {"Input", "Result", "Error"})
      if (const auto found = details.find(member); found != details.end()) *found = Json::object();
  }
  return event;
}

}  // namespace

Result<> LambdaService::check_durable(const Version& version, std::string_view qualifier, bool waits,
                                      std::string_view name) const {
  if (!is_durable(version)) {
    if (name.empty()) return {};
    return invalid_parameter(
        "You cannot provide a durable execution name for a function that is not durable.");
  }
  if (qualifier.empty())
    return invalid_parameter("You cannot invoke a durable function using an unqualified ARN.");
  const Json& config = version.configuration->recorded.at("DurableConfig");
  if (waits && config.value("ExecutionTimeout", longest_wait_seconds) > longest_wait_seconds) {
    return invalid_parameter(
        "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 "
        "minutes.");
  }
  return {};
}

Result<> LambdaService::start_if_durable(Event& event, std::string name) {
  const Function* function = store_.find(event.scope, event.function_name, moment());
  const Snapshot* main = function ? store_.find_qualified(*function, event.qualifier) : nullptr;
  if (!main) return {};
  if (!is_durable(*main->version)) return check_durable(*main->version, event.qualifier, false, name);
  Result<InvokeTarget> target =
      dispatcher_.resolve(event.scope, event.function_name, event.qualifier, {}, nullptr, moment());
  if (!target) return target.error();
  if (const Result<> fits = check_durable(*target->version, event.qualifier, false, name); !fits)
    return fits.error();
  if (!is_durable(*target->version)) return {};  // the alias's other version: it is routed when it runs
  Result<std::string> arn = runner_.start(Invocation{.request_id = event.request_id,
                                                     .version = target->version,
                                                     .invoked_arn = std::move(target->invoked_arn),
                                                     .payload = event.payload,
                                                     .trace_id = event.trace_id,
                                                     .tenant_id = event.tenant_id,
                                                     .durable_name = std::move(name)});
  if (!arn) return arn.error();
  event.durable_execution = std::move(*arn);
  return {};
}

Task<Result<Outcome>> LambdaService::call_chained(ChainedCall call) {
  NeighbourCall chained{.caller = call.scope,
                        .function = std::move(call.function),
                        .payload = std::move(call.payload),
                        .patient = true,
                        .trace_id = std::move(call.trace_id),
                        .tenant_id = std::move(call.tenant_id)};
  auto calling = invoke_for_neighbour(std::move(chained));
  Result<NeighbourOutcome> outcome = co_await std::move(calling);
  if (!outcome) co_return outcome.error();
  co_return std::move(outcome->outcome);
}

Result<Reply> LambdaService::checkpoint_durable_execution(Call& call) {
  Result<Json> answer = runner_.checkpoint(text_of(call.input, "DurableExecutionArn"), call.input);
  if (!answer) return answer.error();
  return Reply{.output = std::move(*answer)};
}

Result<Reply> LambdaService::get_durable_execution(Call& call) {
  const auto found = runner_.find(text_of(call.input, "DurableExecutionArn"));
  if (!found) return found.error();
  const DurableExecution& execution = **found;
  Json out = render_summary(execution);
  out["InputPayload"] = execution.payload;
  out["Version"] = execution.version;
  if (execution.result) out["Result"] = *execution.result;
  if (!execution.error.is_null()) out["Error"] = execution.error;
  if (!execution.trace_id.empty()) out["TraceHeader"] = {{"XAmznTraceId", execution.trace_id}};
  return Reply{.output = std::move(out)};
}

Result<Reply> LambdaService::get_durable_execution_history(Call& call) {
  const auto found = runner_.find(text_of(call.input, "DurableExecutionArn"));
  if (!found) return found.error();
  const Result<PositionPage> page = position_page_of(call.input);
  if (!page) return page.error();
  std::vector<const Json*> events;
  for (const Json& event : (*found)->events) events.push_back(&event);
  if (flag_of(call.input, "ReverseOrder")) std::ranges::reverse(events);
  const Json* wanted = find_member(call.input, "IncludeExecutionData");
  const bool with_data = !wanted || wanted->get<bool>();
  Reply reply;
  fill_page(reply.output, "Events", events, *page,
            [&](const Json* event) { return with_data ? *event : without_data(*event); });
  return reply;
}

Result<Reply> LambdaService::get_durable_execution_state(Call& call) {
  const auto found = runner_.find(text_of(call.input, "DurableExecutionArn"));
  if (!found || !(*found)->running() ||
      (*found)->checkpoint_token() != text_of(call.input, "CheckpointToken"))
    return invalid_parameter("Invalid checkpoint token");
  const Result<PositionPage> page = position_page_of(call.input);
  if (!page) return page.error();
  Json state = durable_state(**found, text_of(call.input, "Marker"), page->size);
  if (text_of(state, "NextMarker").empty()) state.erase("NextMarker");
  return Reply{.output = std::move(state)};
}

Result<Reply> LambdaService::list_durable_executions_by_function(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  std::string version = target->qualifier;
  if (!version.empty()) {
    const Snapshot* snapshot = store_.find_qualified(*function, version);
    if (!snapshot) return function_not_found(target->scope, target->name, version);
    version = snapshot->version->number;
  }
  const Result<PositionPage> page = position_page_of(call.input);
  if (!page) return page.error();
  const std::string& name = text_of(call.input, "DurableExecutionName");
  const std::vector<std::string> statuses = texts_of(call.input, "Statuses");
  const Json* after = find_member(call.input, "StartedAfter");
  const Json* before = find_member(call.input, "StartedBefore");
  std::vector<const DurableExecution*> all = runner_.of_function(target->scope, target->name);
  std::erase_if(all, [&](const DurableExecution* one) {
    const double started = epoch_seconds(one->started);
    return (!version.empty() && one->version != version) || (!name.empty() && one->name != name) ||
           (!statuses.empty() && std::ranges::find(statuses, one->status) == statuses.end()) ||
           (after && started <= after->get<double>()) || (before && started >= before->get<double>());
  });
  std::ranges::stable_sort(all, {}, [](const DurableExecution* one) { return one->started; });
  if (flag_of(call.input, "ReverseOrder")) std::ranges::reverse(all);
  Reply reply;
  fill_page(reply.output, "DurableExecutions", all, *page,
            [](const DurableExecution* one) { return render_summary(*one); });
  return reply;
}

Result<Reply> LambdaService::stop_durable_execution(Call& call) {
  const Json* error = find_member(call.input, "Error");
  const Result<Instant> stopped =
      runner_.stop_execution(text_of(call.input, "DurableExecutionArn"), error ? *error : Json(nullptr));
  if (!stopped) return stopped.error();
  return Reply{.output = {{"StopTimestamp", epoch_seconds(*stopped)}}};
}

Result<Reply> LambdaService::send_durable_execution_callback_success(Call& call) {
  const Result<> done = runner_.end_callback(text_of(call.input, "CallbackId"), "SUCCEEDED",
                                             std::move(call.payload), Json(nullptr));
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> LambdaService::send_durable_execution_callback_failure(Call& call) {
  const Json* error = find_member(call.input, "Error");
  const Result<> done = runner_.end_callback(text_of(call.input, "CallbackId"), "FAILED", std::nullopt,
                                             error ? *error : Json::object());
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> LambdaService::send_durable_execution_callback_heartbeat(Call& call) {
  const Result<> heard = runner_.heartbeat(text_of(call.input, "CallbackId"));
  if (!heard) return heard.error();
  return Reply{};
}

}  // namespace aviary::lambda
