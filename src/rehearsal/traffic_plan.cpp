#include "rehearsal/traffic_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/duration.hpp"
#include "rehearsal/function_selector.hpp"
#include "rehearsal/kept_text.hpp"

namespace aviary::rehearsal {
namespace {

constexpr std::array<std::string_view, 9> plan_members{
    "id", "function", "rate", "payload", "payloads", "recording", "count", "for", "concurrency"};
constexpr std::uint64_t most_invokes = 10'000'000;
constexpr std::size_t most_payloads = 10'000;

/// Invokes a second from `10`, `"10/s"`, `"600/m"` or `"5/h"`.
std::optional<double> per_second(const Json& value) {
  double rate = 0;
  double unit = 1;
  if (value.is_number()) {
    rate = value.get<double>();
  } else if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, rate);
    const std::string_view rest(read.ptr, static_cast<std::size_t>(end - read.ptr));
    if (read.ec != std::errc{}) return std::nullopt;
    if (rest == "/m" || rest == "/min")
      unit = 60;
    else if (rest == "/h")
      unit = 3600;
    else if (!rest.empty() && rest != "/s")
      return std::nullopt;
  }
  rate /= unit;
  if (!(rate >= 1.0 / 86400) || rate > 100'000) return std::nullopt;
  return rate;
}

std::optional<Refusal> read_payloads(TrafficPlan& plan, const Json& document,
                                     const RecordedEvents& recorded) {
  const int ways = static_cast<int>(document.contains("payload")) +
                   static_cast<int>(document.contains("payloads")) +
                   static_cast<int>(document.contains("recording"));
  if (ways > 1) return Refusal{"payload, payloads and recording exclude each other."};
  const auto text = [](const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  if (document.contains("payload")) plan.payloads = {text(document["payload"])};
  if (document.contains("payloads")) {
    const Json& list = document["payloads"];
    if (!list.is_array() || list.empty() || list.size() > most_payloads)
      return Refusal{fmt::format("payloads is a list of 1 to {} events.", most_payloads)};
    plan.payloads.clear();
    for (const Json& one : list) plan.payloads.push_back(text(one));
  }
  if (document.contains("recording")) {
    if (!document["recording"].is_string()) return Refusal{"recording is the id of a recording."};
    Checked<std::vector<std::string>> events = recorded(document["recording"].get<std::string>());
    if (!events) return events.error();
    if (events->empty()) return Refusal{"There is nothing in that recording yet."};
    plan.payloads = std::move(*events);
    plan.document.erase("recording");
    plan.document["payloads"] = Json::array();
    for (const std::string& event : plan.payloads)
      plan.document["payloads"].push_back(document_of_text(event));
  }
  return std::nullopt;
}

std::optional<Refusal> read_length(TrafficPlan& plan, const Json& document) {
  plan.count = most_invokes;
  if (document.contains("count")) {
    const Json& count = document["count"];
    if (!count.is_number_integer() || count.get<std::int64_t>() < 1 ||
        count.get<std::int64_t>() > static_cast<std::int64_t>(most_invokes))
      return Refusal{fmt::format("count is a number of invokes from 1 to {}.", most_invokes)};
    plan.count = count.get<std::uint64_t>();
  }
  if (document.contains("for")) {
    const Json& lasts = document["for"];
    const auto length = lasts.is_string() ? parse_duration(lasts.get<std::string>()) : std::nullopt;
    if (!length || *length < plan.spacing)
      return Refusal{R"(for is a time as "30m", long enough for one invoke at least.)"};
    plan.count = std::min(plan.count, static_cast<std::uint64_t>(*length / plan.spacing));
  }
  if (document.contains("concurrency")) {
    const Json& most = document["concurrency"];
    if (!most.is_number_integer() || most.get<std::int64_t>() < 1 || most.get<std::int64_t>() > 10'000)
      return Refusal{"concurrency is a number from 1 to 10000."};
    plan.concurrency = most.get<std::size_t>();
  }
  return std::nullopt;
}

}  // namespace

Checked<TrafficPlan> TrafficPlan::parse(const Json& document, const lambda::Scope& caller,
                                        const RecordedEvents& recorded) {
  if (!document.is_object())
    return Refusal{
        R"(Traffic is an object as {"function": "order-processor:prod", "rate": 10, "for": "30m"}.)"};
  for (const auto& [member, value] : document.items()) {
    if (std::ranges::find(plan_members, member) == plan_members.end())
      return Refusal{
          fmt::format("Traffic has no member '{}'. It has: {}.", member, fmt::join(plan_members, ", "))};
  }
  TrafficPlan plan;
  plan.document = document;
  plan.caller = caller;
  if (document.contains("id")) {
    if (!document["id"].is_string() || document["id"].get_ref<const std::string&>().empty() ||
        document["id"].get_ref<const std::string&>().size() > 100)
      return Refusal{"id is a text of at most 100 bytes."};
    plan.id = document["id"].get<std::string>();
  }
  if (!document.contains("function") || !document["function"].is_string())
    return Refusal{"function is the name of a function, with an alias or a version if need be."};
  plan.function = document["function"].get<std::string>();
  if (const auto good = FunctionSelector::parse(plan.function); !good) return good.error();
  const auto rate = per_second(document.value("rate", Json()));
  if (!rate) return Refusal{R"(rate is a number of invokes a second as 10, or "600/m", or "5/h".)"};
  plan.spacing = std::max(Duration(1), Duration(static_cast<std::int64_t>(1e6 / *rate)));
  if (auto refusal = read_payloads(plan, document, recorded)) return *refusal;
  if (auto refusal = read_length(plan, document)) return *refusal;
  return plan;
}

}  // namespace aviary::rehearsal
