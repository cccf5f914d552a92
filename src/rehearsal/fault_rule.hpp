#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "execution/faults.hpp"
#include "rehearsal/delay.hpp"
#include "rehearsal/function_selector.hpp"

namespace aviary::rehearsal {

/// What can end an invocation, in the order in which one number decides between them.
inline constexpr std::array fault_kinds{execution::Fault::Kind::Throttle, execution::Fault::Kind::Timeout,
                                        execution::Fault::Kind::OutOfMemory, execution::Fault::Kind::Crash,
                                        execution::Fault::Kind::Error};
/// `throttle`, `timeout`, `out_of_memory`, `crash`, `error`: the members of a rule that give the rates.
std::string_view name_of(execution::Fault::Kind kind);

/// "Version 6 fails 30 % of the time after its first 20 invokes":
/// `{"function": "order-processor:6", "error": "30%", "after": 20}`.
struct FaultRule {
  std::string id;
  FunctionSelector function;
  std::string version{};          ///< only invocations that run this one; empty: all
  std::array<double, 5> rates{};  ///< in the order of `fault_kinds`
  std::optional<Delay> latency{};
  double latency_rate = 1;
  std::optional<Delay> cold_start{};
  std::string error_type = "InjectedFault";
  std::string error_message = "This error was injected.";
  ExitStatus exit{1};
  std::optional<bool> wait{};       ///< whether delays really pass; nothing: as the clock goes
  std::uint64_t after_invokes = 0;  ///< so many are spared first
  Duration after_time{};            ///< … and what comes before this has passed
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();  ///< so many are struck, then it is over
  std::optional<Duration> lasts{};                                  ///< … or when this has passed
  std::optional<Instant> until{};                                   ///< … or at this moment
  Json document;                                                    ///< as it was given

  /// `id` may be in the document. The refusal says what a rule may say.
  static Checked<FaultRule> parse(const Json& document);
};

}  // namespace aviary::rehearsal
