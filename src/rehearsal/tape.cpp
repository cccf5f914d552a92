#include "rehearsal/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rehearsal/kept_text.hpp"

namespace aviary::rehearsal {
namespace {

constexpr std::size_t most_tapes = 100;
constexpr std::size_t usual_entries = 1000;
constexpr std::size_t most_entries = 100'000;
/// All recordings together; beyond it the oldest entries of the largest go.
constexpr std::size_t most_bytes = 256 << 20;

}  // namespace

Tape::Tape(lambda::FunctionRunner& inner, boost::asio::any_io_executor executor, Clock& clock)
    : ForwardingRunner(inner), clock_(clock), tasks_(std::move(executor)) {}

Task<Result<lambda::Outcome>> Tape::run(lambda::Invocation invocation) {
  if (!active_) return inner_.run(std::move(invocation));
  return run_taped(std::move(invocation));
}

Task<Result<lambda::Outcome>> Tape::run_taped(lambda::Invocation invocation) {
  const auto concerns = [&invocation](const auto& one) { return one.function.matches(invocation); };
  const bool wanted = std::ranges::any_of(recordings_, concerns) || std::ranges::any_of(shadows_, concerns);
  if (!wanted) {
    auto running = inner_.run(std::move(invocation));
    Result<lambda::Outcome> outcome = co_await std::move(running);
    co_return outcome;
  }
  Entry entry{.when = clock_.now(),
              .function = invocation.version->function_name,
              .scope = invocation.version->scope,
              .performed = {.request_id = invocation.request_id,
                            .version = invocation.version->number,
                            .event = invocation.payload}};
  lambda::Invocation like;  // what selectors look at
  like.version = invocation.version;
  like.invoked_arn = invocation.invoked_arn;
  like.trace_id = invocation.trace_id;
  auto running = inner_.run(std::move(invocation));
  Result<lambda::Outcome> outcome = co_await std::move(running);
  if (!outcome) co_return outcome;
  entry.performed.payload = outcome->payload;
  entry.performed.function_error = outcome->function_error;
  entry.performed.duration = outcome->duration;
  keep(like, entry);
  shadow(like, entry);
  co_return outcome;
}

void Tape::keep(const lambda::Invocation& like, const Entry& entry) {
  for (Recording& recording : recordings_) {
    if (!recording.running || !recording.function.matches(like)) continue;
    ++recording.seen;
    recording.entries.push_back(entry);
    bytes_ += entry.bytes();
    if (recording.entries.size() > recording.limit) {
      bytes_ -= recording.entries.front().bytes();
      recording.entries.pop_front();
    }
  }
  make_room();
}

void Tape::make_room() {
  while (bytes_ > most_bytes) {
    const auto largest =
        std::ranges::max_element(recordings_, {}, [](const Recording& one) { return one.entries.size(); });
    if (largest == recordings_.end() || largest->entries.empty()) return;
    bytes_ -= largest->entries.front().bytes();
    largest->entries.pop_front();
  }
}

void Tape::look_again() {
  active_ =
      !shadows_.empty() || std::ranges::any_of(recordings_, [](const Recording& one) { return one.running; });
}

Json Tape::describe(const Recording& recording) {
  Json json = recording.document;
  json["id"] = recording.id;
  json["state"] = recording.running ? "recording" : "stopped";
  json["limit"] = recording.limit;
  json["seen"] = recording.seen;
  json["kept"] = recording.entries.size();
  return json;
}

Checked<Json> Tape::start_recording(const Json& document) {
  const bool good = document.is_object() && document.contains("function") && document["function"].is_string();
  if (!good)
    return Refusal{R"(A recording is an object as {"function": "order-processor:5", "limit": 1000}.)"};
  for (const auto& [member, value] : document.items())
    if (member != "function" && member != "limit" && member != "id")
      return Refusal{fmt::format("A recording has no member '{}'. It has: id, function, limit.", member)};
  Checked<FunctionSelector> function = FunctionSelector::parse(document["function"].get<std::string>());
  if (!function) return function.error();
  Recording recording{.function = std::move(*function), .document = document, .limit = usual_entries};
  if (document.contains("limit")) {
    const Json& limit = document["limit"];
    if (!limit.is_number_integer() || limit.get<std::int64_t>() < 1 ||
        limit.get<std::int64_t>() > static_cast<std::int64_t>(most_entries))
      return Refusal{fmt::format("limit is a number of invocations from 1 to {}.", most_entries)};
    recording.limit = limit.get<std::size_t>();
  }
  recording.order = ++last_order_;
  recording.id = fmt::format("recording-{}", recording.order);
  if (document.contains("id")) {
    if (!document["id"].is_string() || document["id"].get_ref<const std::string&>().empty())
      return Refusal{"id is a text."};
    recording.id = document["id"].get<std::string>();
  }
  if (find_recording(recording.id) != nullptr)
    return Refusal{fmt::format("There is a recording '{}' already.", recording.id)};
  if (recordings_.size() >= most_tapes)
    return Refusal{fmt::format("There may be {} recordings at once.", most_tapes)};
  recordings_.push_back(std::move(recording));
  look_again();
  return accepted(describe(recordings_.back()));
}

const Tape::Recording* Tape::find_recording(std::string_view id) const {
  const auto found = std::ranges::find(recordings_, id, &Recording::id);
  return found == recordings_.end() ? nullptr : &*found;
}

Tape::Recording* Tape::find_recording(std::string_view id) {
  const auto found = std::ranges::find(recordings_, id, &Recording::id);
  return found == recordings_.end() ? nullptr : &*found;
}

Json Tape::stop_recording(std::string_view id) {
  Recording* recording = find_recording(id);
  if (recording == nullptr) return nullptr;
  recording->running = false;
  look_again();
  return describe(*recording);
}

bool Tape::remove_recording(std::string_view id) {
  const auto found = std::ranges::find(recordings_, id, &Recording::id);
  if (found == recordings_.end()) return false;
  for (const Entry& entry : found->entries) bytes_ -= entry.bytes();
  recordings_.erase(found);
  look_again();
  return true;
}

Json Tape::recordings() const {
  Json list = Json::array();
  for (const Recording& recording : recordings_) list.push_back(describe(recording));
  return list;
}

Json Tape::recording(std::string_view id) const {
  const Recording* recording = find_recording(id);
  if (recording == nullptr) return nullptr;
  Json json = describe(*recording);
  json["entries"] = Json::array();
  for (const Entry& entry : recording->entries) {
    const Performance& performed = entry.performed;
    Json one = {{"when", iso8601(entry.when)},
                {"request_id", performed.request_id},
                {"version", performed.version},
                {"event", document_of_text(performed.event)},
                {"payload", document_of_text(performed.payload)},
                {"duration_ms", std::chrono::duration<double, std::milli>(performed.duration).count()}};
    if (!performed.function_error.empty()) one["function_error"] = performed.function_error;
    json["entries"].push_back(std::move(one));
  }
  return json;
}

Checked<std::vector<std::string>> Tape::events(const std::string& id) const {
  const Recording* recording = find_recording(id);
  if (recording == nullptr) return Refusal{fmt::format("There is no recording '{}'.", id)};
  std::vector<std::string> events;
  for (const Entry& entry : recording->entries) events.push_back(entry.performed.event);
  return events;
}

namespace {

/// `6` or `prod` of the same function, or whatever is written out.
std::string against_function(const std::string& function, const std::string& against) {
  return against.find(':') == std::string::npos ? function + ":" + against : against;
}

Checked<std::string> against_of(const Json& document, const std::string& function) {
  if (!document.is_object() || !document.contains("against"))
    return Refusal{R"(against says which version answers too, as {"against": "order-processor:6"}.)"};
  const Json& given = document["against"];
  const std::string text = given.is_string()           ? given.get<std::string>()
                           : given.is_number_integer() ? std::to_string(given.get<std::int64_t>())
                                                       : std::string();
  const std::string whole = against_function(function, text);
  if (const auto good = FunctionSelector::parse(whole); text.empty() || !good)
    return Refusal{
        R"(against is a version or an alias as 6, or a function with one as "order-processor:6".)"};
  return accepted(whole);
}

Performance performance_of(const Answer& answer) {
  return {.version = answer.version,
          .payload = answer.payload,
          .function_error = answer.function_error,
          .duration = answer.duration};
}

}  // namespace

Task<Checked<Json>> Tape::replay(std::string id, Json document) {
  const Recording* recording = find_recording(id);
  if (recording == nullptr) co_return Refusal{fmt::format("There is no recording '{}'.", id)};
  Checked<std::string> against = against_of(document, recording->function.name());
  if (!against) co_return against.error();
  for (const auto& [member, value] : document.items())
    if (member != "against" && member != "ignore")
      co_return Refusal{fmt::format("A replay has no member '{}'. It has: against, ignore.", member)};
  Checked<Comparison> comparison = Comparison::with(document.value("ignore", Json()));
  if (!comparison) co_return comparison.error();
  // A copy: the recording may go on, or go, while this runs.
  const std::vector<Entry> entries(recording->entries.begin(), recording->entries.end());
  for (const Entry& entry : entries) {
    std::string event = entry.performed.event;
    auto invoking = invoke_(entry.scope, *against, std::move(event));
    const Answer answer = co_await std::move(invoking);
    if (answer.kind == Answer::Kind::Ran)
      comparison->add(entry.performed, performance_of(answer));
    else
      comparison->add_refused(entry.performed, answer.problem);
  }
  Json report = comparison->report();
  report["recording"] = id;
  report["against"] = *against;
  co_return accepted(std::move(report));
}

void Tape::shadow(const lambda::Invocation& like, const Entry& entry) {
  if (like.trace_id.find(own_mark) != std::string::npos) return;
  for (Shadow& shadow : shadows_) {
    if (!shadow.function.matches(like)) continue;
    const std::string function = against_function(entry.function, shadow.against);
    // What runs the other version already is no comparison, and the shadow's own invoke must cast none.
    const auto target = FunctionSelector::parse(function);
    if (!target || target->matches(like)) continue;
    shadow.owed += shadow.share;
    if (shadow.owed < 1 - 1e-9) continue;
    shadow.owed -= 1;
    constexpr std::size_t at_once = 50;
    if (shadow.running >= at_once) {
      ++shadow.left_out;
      continue;
    }
    ++shadow.running;
    tasks_.spawn("shadow", run_shadow(shadow.order, entry, function));
  }
}

Task<> Tape::run_shadow(std::uint64_t order, Entry entry, std::string function) {
  auto invoking = invoke_(entry.scope, std::move(function), entry.performed.event);
  const Answer answer = co_await std::move(invoking);
  Shadow* shadow = find_shadow(order);
  if (shadow == nullptr) co_return;
  --shadow->running;
  if (answer.kind == Answer::Kind::Ran)
    shadow->comparison.add(entry.performed, performance_of(answer));
  else
    shadow->comparison.add_refused(entry.performed, answer.problem);
}

Tape::Shadow* Tape::find_shadow(std::uint64_t order) {
  const auto found = std::ranges::find(shadows_, order, &Shadow::order);
  return found == shadows_.end() ? nullptr : &*found;
}

Json Tape::describe(const Shadow& shadow) {
  Json json = shadow.document;
  json["id"] = shadow.id;
  json["running"] = shadow.running;
  json["left_out"] = shadow.left_out;
  json["report"] = shadow.comparison.report();
  return json;
}

Checked<Json> Tape::start_shadow(const Json& document) {
  const bool good = document.is_object() && document.contains("function") && document["function"].is_string();
  if (!good)
    return Refusal{R"(A shadow is an object as {"function": "order-processor:prod", "against": "6"}.)"};
  for (const auto& [member, value] : document.items())
    if (member != "function" && member != "against" && member != "share" && member != "ignore" &&
        member != "id")
      return Refusal{
          fmt::format("A shadow has no member '{}'. It has: id, function, against, share, ignore.", member)};
  Checked<FunctionSelector> function = FunctionSelector::parse(document["function"].get<std::string>());
  if (!function) return function.error();
  const Checked<std::string> against = against_of(document, function->name());
  if (!against) return against.error();
  Checked<Comparison> comparison = Comparison::with(document.value("ignore", Json()));
  if (!comparison) return comparison.error();
  Shadow shadow{.function = std::move(*function),
                .document = document,
                .against = *against,
                .comparison = std::move(*comparison)};
  if (document.contains("share")) {
    const Json& share = document["share"];
    if (!share.is_number() || !(share.get<double>() > 0) || share.get<double>() > 1)
      return Refusal{"share is a number above 0, at most 1."};
    shadow.share = share.get<double>();
  }
  shadow.order = ++last_order_;
  shadow.id = fmt::format("shadow-{}", shadow.order);
  if (document.contains("id")) {
    if (!document["id"].is_string() || document["id"].get_ref<const std::string&>().empty())
      return Refusal{"id is a text."};
    shadow.id = document["id"].get<std::string>();
  }
  if (std::ranges::find(shadows_, shadow.id, &Shadow::id) != shadows_.end())
    return Refusal{fmt::format("There is a shadow '{}' already.", shadow.id)};
  if (shadows_.size() >= most_tapes)
    return Refusal{fmt::format("There may be {} shadows at once.", most_tapes)};
  shadows_.push_back(std::move(shadow));
  look_again();
  return accepted(describe(shadows_.back()));
}

bool Tape::remove_shadow(std::string_view id) {
  const auto found = std::ranges::find(shadows_, id, &Shadow::id);
  if (found == shadows_.end()) return false;
  shadows_.erase(found);
  look_again();
  return true;
}

Json Tape::shadows() const {
  Json list = Json::array();
  for (const Shadow& shadow : shadows_) list.push_back(describe(shadow));
  return list;
}

void Tape::clear() {
  recordings_.clear();
  shadows_.clear();
  bytes_ = 0;
  look_again();
}

Task<> Tape::stop() {
  clear();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::rehearsal
