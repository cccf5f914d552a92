#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "base/log.hpp"
#include "services/lambda/api/input.hpp"

namespace aviary::app {
namespace {

/// A file of faults is written by hand.
constexpr std::size_t most_fault_file_bytes = 4 << 20;

/// An invoke as any caller's: metrics, logs, retries of what it calls, throttling are those of the real
/// thing.
Task<rehearsal::Answer> rehearse_invoke(Parts& parts, lambda::NeighbourCall call) {
  auto invoking = parts.lambda->invoke_for_neighbour(std::move(call));
  Result<lambda::NeighbourOutcome> outcome = co_await std::move(invoking);
  rehearsal::Answer answer;
  if (!outcome) {
    answer.kind = outcome.error().shape->status == 429 ? rehearsal::Answer::Kind::Throttled
                                                       : rehearsal::Answer::Kind::Refused;
    answer.problem = fmt::format("{}: {}", outcome.error().shape->code, outcome.error().message);
    co_return answer;
  }
  answer.version = std::move(outcome->executed_version);
  answer.payload = std::move(outcome->outcome.payload);
  answer.function_error = std::move(outcome->outcome.function_error);
  answer.duration = outcome->outcome.duration;
  co_return answer;
}

/// A driven clock waits for what holds it.
std::shared_ptr<void> hold_clock(Parts& parts) {
  ++parts.clock_holds;
  return {&parts, [](void* held) { --static_cast<Parts*>(held)->clock_holds; }};
}

/// How much of emulated time passes in real time.
double pace_of(const host::SystemClock& clock) {
  switch (clock.mode()) {
    case host::ClockMode::Real:
      return 1;
    case host::ClockMode::Scaled:
      return std::min(1.0, 1 / clock.speed());
    case host::ClockMode::Manual:
      break;
  }
  return 0;
}

}  // namespace

void add_rehearsal(Parts& parts) {
  parts.faults = std::make_unique<rehearsal::FaultRules>(rehearsal::FaultRules::Surroundings{
      .seed = parts.seed,
      .clock = parts.clock,
      .journal = *parts.journal,
      .pace = [&parts] { return pace_of(parts.clock); },
      .changed = [&parts](bool any) { parts.runner->set_faults(any ? parts.faults.get() : nullptr); }});
  parts.tape = std::make_unique<rehearsal::Tape>(*parts.tracer, parts.loop.get_executor(), parts.clock);
  parts.tape->set_invoke([&parts](lambda::Scope caller, std::string function, std::string payload) {
    // Marked, so that what a shadow calls does not cast a shadow in turn.
    std::string trace = lambda::new_trace(parts.clock.now(), parts.lambda_ids);
    trace += rehearsal::Tape::own_mark;
    return rehearse_invoke(parts, {.caller = std::move(caller),
                                   .function = std::move(function),
                                   .payload = std::move(payload),
                                   .trace_id = std::move(trace)});
  });
  parts.traffic = std::make_unique<rehearsal::Traffic>(rehearsal::Traffic::Surroundings{
      .executor = parts.loop.get_executor(),
      .clock = parts.clock,
      .journal = *parts.journal,
      .invoke =
          [&parts](lambda::Scope caller, std::string function, std::string payload) {
            return rehearse_invoke(parts, {.caller = std::move(caller),
                                           .function = std::move(function),
                                           .payload = std::move(payload)});
          },
      .hold = [&parts] { return hold_clock(parts); }});
}

std::string restore_rehearsal(Parts& parts) {
  parts.faults->restore();
  std::string text;
  if (const auto& path = parts.options.faults; !path.empty()) {
    std::ifstream file(path, std::ios::binary);
    std::error_code none;
    if (!file || !std::filesystem::is_regular_file(path, none))
      return fmt::format("--faults {}: there is no such file, or it cannot be read", path.string());
    if (std::filesystem::file_size(path, none) > most_fault_file_bytes)
      return fmt::format("--faults {}: the file is too large", path.string());
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  // Without a file, too: what an earlier start took from its file is over.
  const rehearsal::Checked<std::size_t> read = parts.faults->add_file(text);
  if (!read) return fmt::format("--faults {}: {}", parts.options.faults.string(), read.error().message);
  if (*read > 0)
    log::warn("{} fault{} of {}: invocations fail on purpose", *read, *read == 1 ? "" : "s",
              parts.options.faults.string());
  parts.traffic->restore();
  return {};
}

}  // namespace aviary::app
