#include "rehearsal/fault_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/duration.hpp"

namespace aviary::rehearsal {
namespace {

using Kind = execution::Fault::Kind;

constexpr std::array<std::string_view, 20> members{
    "id",          "function", "version",    "error",        "crash",      "out_of_memory", "timeout",
    "throttle",    "latency",  "cold_start", "latency_rate", "error_type", "error_message", "exit_code",
    "exit_signal", "wait",     "after",      "count",        "for",        "until"};

/// `0.3`, `"30%"`, `"30 %"`; `true` is always.
std::optional<double> rate_of(const Json& value) {
  double rate = 0;
  if (value.is_boolean()) {
    rate = value.get<bool>() ? 1 : 0;
  } else if (value.is_number()) {
    rate = value.get<double>();
  } else if (value.is_string()) {
    std::string text = value.get<std::string>();
    if (!text.ends_with('%')) return std::nullopt;
    text.pop_back();
    while (text.ends_with(' ')) text.pop_back();
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, rate);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    rate /= 100;
  } else {
    return std::nullopt;
  }
  if (!(rate >= 0 && rate <= 1)) return std::nullopt;
  return rate;
}

std::optional<std::uint64_t> whole_of(const Json& value) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value.get<std::int64_t>());
}

Refusal refused(std::string_view member, std::string_view what) {
  return {fmt::format("{} is {}.", member, what)};
}

std::optional<Refusal> read_effects(FaultRule& rule, const Json& document) {
  double sum = 0;
  for (std::size_t i = 0; i < fault_kinds.size(); ++i) {
    const std::string member(name_of(fault_kinds[i]));
    if (!document.contains(member)) continue;
    const auto rate = rate_of(document[member]);
    if (!rate) return refused(member, R"(a rate as 0.3 or "30%", or true for always)");
    rule.rates[i] = *rate;
    sum += *rate;
  }
  if (sum > 1 + 1e-9)
    return Refusal{"error, crash, out_of_memory, timeout and throttle are more than 100 % together."};
  for (const auto& [member, place] :
       {std::pair{"latency", &rule.latency}, {"cold_start", &rule.cold_start}}) {
    if (!document.contains(member)) continue;
    Checked<Delay> delay = Delay::parse(document[member]);
    if (!delay) return Refusal{fmt::format("{}: {}", member, delay.error().message)};
    *place = std::move(*delay);
  }
  if (document.contains("latency_rate")) {
    const auto rate = rate_of(document["latency_rate"]);
    if (!rate || !rule.latency) return refused("latency_rate", R"(a rate as 0.3 or "30%", beside latency)");
    rule.latency_rate = *rate;
  }
  if (sum == 0 && !rule.latency && !rule.cold_start)
    return Refusal{
        "The rule does nothing. It wants one of error, crash, out_of_memory, timeout, throttle (rates), "
        "latency, "
        "cold_start (delays)."};
  return std::nullopt;
}

std::optional<Refusal> read_details(FaultRule& rule, const Json& document) {
  for (const auto& [member, place] :
       {std::pair{"error_type", &rule.error_type}, {"error_message", &rule.error_message}}) {
    if (!document.contains(member)) continue;
    if (!document[member].is_string()) return refused(member, "a text");
    *place = document[member].get<std::string>();
  }
  if (document.contains("exit_code")) {
    const auto code = whole_of(document["exit_code"]);
    if (!code || *code > 255) return refused("exit_code", "a number from 0 to 255");
    rule.exit = {static_cast<int>(*code)};
  }
  if (document.contains("exit_signal")) {
    const auto signal = whole_of(document["exit_signal"]);
    if (!signal || *signal == 0 || *signal > 64 || document.contains("exit_code"))
      return refused("exit_signal", "a number from 1 to 64, in place of exit_code");
    rule.exit = {0, static_cast<int>(*signal)};
  }
  if (document.contains("wait")) {
    if (!document["wait"].is_boolean()) return refused("wait", "true or false");
    rule.wait = document["wait"].get<bool>();
  }
  return std::nullopt;
}

std::optional<Refusal> read_bounds(FaultRule& rule, const Json& document) {
  if (document.contains("after")) {
    const Json& after = document["after"];
    const auto invokes = whole_of(after);
    const auto time = after.is_string() ? parse_duration(after.get<std::string>()) : std::nullopt;
    if (!invokes && !time) return refused("after", R"(a number of invokes as 20, or a time as "5m")");
    rule.after_invokes = invokes.value_or(0);
    rule.after_time = time.value_or(Duration::zero());
  }
  if (document.contains("count")) {
    const auto count = whole_of(document["count"]);
    if (!count || *count == 0) return refused("count", "a number of invokes, at least 1");
    rule.count = *count;
  }
  if (document.contains("for")) {
    const Json& lasts = document["for"];
    rule.lasts = lasts.is_string() ? parse_duration(lasts.get<std::string>()) : std::nullopt;
    if (!rule.lasts) return refused("for", R"(a time as "10m")");
  }
  if (document.contains("until")) {
    const Json& until = document["until"];
    rule.until = until.is_string() ? parse_iso8601(until.get<std::string>()) : std::nullopt;
    if (!rule.until) return refused("until", "a moment as 2026-01-01T00:00:00Z");
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Throttle:
      return "throttle";
    case Kind::Timeout:
      return "timeout";
    case Kind::OutOfMemory:
      return "out_of_memory";
    case Kind::Crash:
      return "crash";
    case Kind::Error:
      return "error";
    case Kind::None:
      break;
  }
  return "latency";
}

Checked<FaultRule> FaultRule::parse(const Json& document) {
  if (!document.is_object())
    return Refusal{
        R"(A fault is an object as {"function": "order-processor:6", "error": "30%", "after": 20}.)"};
  for (const auto& [member, value] : document.items()) {
    if (std::ranges::find(members, member) != members.end()) continue;
    return Refusal{fmt::format("A fault has no member '{}'. It has: {}.", member, fmt::join(members, ", "))};
  }
  if (!document.contains("function") || !document["function"].is_string())
    return refused("function", "the name of a function, with a version or an alias if need be");
  Checked<FunctionSelector> function = FunctionSelector::parse(document["function"].get<std::string>());
  if (!function) return function.error();
  FaultRule rule{.id = {}, .function = std::move(*function), .document = document};
  if (document.contains("id")) {
    if (!document["id"].is_string() || document["id"].get_ref<const std::string&>().empty() ||
        document["id"].get_ref<const std::string&>().size() > 100)
      return refused("id", "a text of at most 100 bytes");
    rule.id = document["id"].get<std::string>();
  }
  if (document.contains("version")) {
    const Json& version = document["version"];
    if (version.is_string()) rule.version = version.get<std::string>();
    if (version.is_number_integer()) rule.version = std::to_string(version.get<std::int64_t>());
    if (rule.version.empty()) return refused("version", R"(a version as 6, or "$LATEST")");
  }
  if (auto refusal = read_effects(rule, document)) return *refusal;
  if (auto refusal = read_details(rule, document)) return *refusal;
  if (auto refusal = read_bounds(rule, document)) return *refusal;
  return rule;
}

}  // namespace aviary::rehearsal
