#include "execution/tracer.hpp"

#include "base/bounded_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aviary::execution {
namespace {

using std::chrono::nanoseconds;

/// Traces are kept: what a function says of its failures may be megabytes.
constexpr std::size_t most_message = 1024;
constexpr std::size_t most_payload = 256 * 1024;

/// The payload of a failure; null if it is none, or too large to be looked into.
Json failure_of(const lambda::Outcome& outcome) {
  if (outcome.payload.size() > most_payload) return nullptr;
  return parse_bounded<Json>(outcome.payload);
}

std::string text_in(const Json& payload, const char* member) {
  if (!payload.is_object()) return {};
  const auto found = payload.find(member);
  return found == payload.end() || !found->is_string()
             ? std::string()
             : found->get_ref<const std::string&>().substr(0, most_message);
}

Duration whole(nanoseconds time) { return std::chrono::duration_cast<Duration>(time); }

/// When an invocation began and ended, by the clock; its own times are real ones.
struct Times {
  Instant began;
  Instant ended;
  Instant started;   ///< of the handler
  Instant answered;  ///< by the handler
};

Times times_of(const lambda::Outcome& outcome, Instant began, Instant ended, nanoseconds now) {
  // What passed between the handler's answer and this moment; nothing where that cannot be said.
  const nanoseconds after = outcome.started.count() == 0
                                ? nanoseconds(0)
                                : std::max(now - outcome.started - outcome.duration, nanoseconds(0));
  Times times{.began = began, .ended = ended, .started = ended, .answered = ended - whole(after)};
  times.started = times.answered - whole(outcome.duration);
  times.began = std::min(began, times.started - whole(outcome.init_duration + outcome.restore_duration));
  return times;
}

Json subsegment(Random& ids, std::string_view name, Instant from, Instant to) {
  return {{"id", ids.hex(16)},
          {"name", name},
          {"start_time", epoch_seconds(from)},
          {"end_time", epoch_seconds(to)}};
}

/// What the function said of its failure: `exceptions` as X-Ray has them.
Json cause_of(const lambda::Outcome& outcome, Random& ids) {
  Json exception{{"id", ids.hex(16)}};
  const Json payload = failure_of(outcome);
  for (const auto& [from, to] : {std::pair{"errorMessage", "message"}, std::pair{"errorType", "type"}})
    if (std::string text = text_in(payload, from); !text.empty()) exception[to] = std::move(text);
  return {{"exceptions", Json::array({std::move(exception)})}};
}

/// The platform's own failures are faults, what the function reported is an error.
bool is_fault(const lambda::Outcome& outcome) {
  const std::string type = text_in(failure_of(outcome), "errorType");
  return type.starts_with("Runtime.") || type.starts_with("Sandbox.") || type.starts_with("Extension.");
}

Json function_segment(const lambda::Version& version, const Times& times, const lambda::Outcome& outcome,
                      Random& ids) {
  Json parts = Json::array();
  if (outcome.init_duration.count() > 0)
    parts.push_back(
        subsegment(ids, "Initialization", times.started - whole(outcome.init_duration), times.started));
  if (outcome.restore_duration.count() > 0)
    parts.push_back(
        subsegment(ids, "Restore", times.started - whole(outcome.restore_duration), times.started));
  Json invocation = subsegment(ids, "Invocation", times.started, times.answered);
  Json segment{{"name", version.function_name},
               {"start_time", epoch_seconds(times.started)},
               {"end_time", epoch_seconds(times.ended)},
               {"origin", "AWS::Lambda::Function"},
               {"aws",
                {{"account_id", version.scope.account},
                 {"function_arn", version.function_arn()},
                 {"resource_names", Json::array({version.function_name})},
                 {"function_version", version.number},
                 {"cold_start", outcome.cold}}}};
  if (!outcome.function_error.empty()) {
    const char* kind = is_fault(outcome) ? "fault" : "error";
    segment[kind] = true;
    segment["cause"] = cause_of(outcome, ids);
    invocation[kind] = true;
  }
  parts.push_back(std::move(invocation));
  parts.push_back(subsegment(ids, "Overhead", times.answered, times.ended));
  segment["subsegments"] = std::move(parts);
  return segment;
}

}  // namespace

bool Tracer::sampled(const lambda::Invocation& invocation, const TraceHeader& header) {
  if (header.sampled) return *header.sampled;
  const double chance = around_.ids.uniform();
  return around_.sample_all ||
         sampler_.sample(invocation.version->function_arn(), around_.clock.now(), chance);
}

// Not a coroutine of its own: what is not traced pays for reading its header.
Task<Result<lambda::Outcome>> Tracer::run(lambda::Invocation invocation) {
  TraceHeader header = TraceHeader::parse(invocation.trace_id);
  const bool active = invocation.version->configuration->tracing_mode == "Active";
  if (!active || sinks_.empty()) {
    if (!header.sampled) {
      header.sampled = false;
      invocation.trace_id = header.text();
    }
    return inner_.run(std::move(invocation));
  }
  const bool decided = sampled(invocation, header);
  if (!decided || !good_root(header.root)) {
    header.sampled = decided;
    invocation.trace_id = header.text();
    return inner_.run(std::move(invocation));
  }
  return run_traced(std::move(invocation), std::move(header));
}

Task<Result<lambda::Outcome>> Tracer::run_traced(lambda::Invocation invocation, TraceHeader header) {
  const std::string service_id = around_.ids.hex(16);
  const std::string function_id = around_.ids.hex(16);
  const std::string caller = std::exchange(header.parent, function_id);
  header.sampled = true;
  invocation.trace_id = header.text();
  const lambda::VersionHandle version = invocation.version;
  const std::string arn = invocation.invoked_arn;
  const std::string request_id = invocation.request_id;
  const Instant began = around_.clock.now();
  auto running = inner_.run(std::move(invocation));
  Result<lambda::Outcome> outcome = co_await std::move(running);

  const Instant ended = around_.clock.now();
  Trace trace{.trace_id = header.root,
              .scope = version->scope,
              .function_name = version->function_name,
              .version = version->number,
              .service = Json::object(),
              .function = nullptr};
  const Times times = outcome ? times_of(*outcome, began, ended, around_.stopwatch.elapsed())
                              : Times{.began = began, .ended = ended, .started = began, .answered = ended};
  trace.service = {{"id", service_id},
                   {"trace_id", header.root},
                   {"name", version->function_name},
                   {"start_time", epoch_seconds(times.began)},
                   {"end_time", epoch_seconds(times.ended)},
                   {"origin", "AWS::Lambda"},
                   {"resource_arn", arn},
                   {"http", {{"response", {{"status", outcome ? 200 : outcome.error().shape->status}}}}},
                   {"aws",
                    {{"request_id", request_id},
                     {"function_arn", version->function_arn()},
                     {"resource_names", Json::array({version->function_name})}}}};
  if (good_segment_id(caller)) trace.service["parent_id"] = caller;
  if (!outcome) {
    const int status = outcome.error().shape->status;
    trace.service[status < 500 ? "error" : "fault"] = true;
    if (status == 429) trace.service["throttle"] = true;
    trace.service["cause"] = {{"exceptions", Json::array({{{"id", around_.ids.hex(16)},
                                                           {"type", outcome.error().shape->code},
                                                           {"message", outcome.error().message}}})}};
  } else {
    trace.function = function_segment(*version, times, *outcome, around_.ids);
    trace.function["id"] = function_id;
    trace.function["trace_id"] = header.root;
    trace.function["parent_id"] = service_id;
    for (const char* kind : {"error", "fault"})
      if (trace.function.contains(kind)) trace.service[kind] = true;
  }
  for (TraceSink* sink : sinks_) sink->on_trace(trace);
  co_return outcome;
}

}  // namespace aviary::execution
