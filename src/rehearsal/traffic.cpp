#include "rehearsal/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aviary::rehearsal {
namespace {

constexpr std::size_t most_streams = 200;
/// Streams that have ended are kept so long for whoever asks what they came to.
constexpr std::size_t most_ended = 100;

}  // namespace

Traffic::Traffic(Surroundings around)
    : around_(std::move(around)), records_(around_.journal, "rehearsal.traffic"), tasks_(around_.executor) {}

Json Traffic::describe(const Stream& stream) {
  Json json = stream.plan.document;
  if (json.contains("payloads")) json["payloads"] = json["payloads"].size();
  json["id"] = stream.plan.id;
  json["state"] = stream.ended() ? "ended" : "running";
  json["began"] = iso8601(stream.began);
  json["planned"] = stream.plan.count;
  json["sent"] = stream.sent;
  json["left_out"] = stream.left_out;
  json["in_flight"] = stream.in_flight;
  json["answered"] = stream.answered;
  json["errors"] = stream.errors;
  json["throttled"] = stream.throttled;
  json["refused"] = stream.refused;
  if (!stream.problem.empty()) json["problem"] = stream.problem;
  Json versions = Json::object();
  for (const auto& [version, tally] : stream.versions)
    versions[version] = {{"invokes", tally.invokes}, {"errors", tally.errors}};
  json["versions"] = std::move(versions);
  return json;
}

Json Traffic::describe() const {
  Json list = Json::array();
  for (const auto& stream : streams_) list.push_back(describe(*stream));
  return list;
}

Checked<Json> Traffic::start(const Json& document, const lambda::Scope& caller,
                             const RecordedEvents& recorded) {
  Checked<TrafficPlan> plan = TrafficPlan::parse(document, caller, recorded);
  if (!plan) return plan.error();
  const auto taken = [&](const auto& stream) { return !plan->id.empty() && stream->plan.id == plan->id; };
  const auto same = std::ranges::find_if(streams_, taken);
  if (same != streams_.end() && !(*same)->ended())
    return Refusal{fmt::format("Traffic '{}' is running already.", plan->id)};
  if (same != streams_.end()) remove(plan->id);
  forget_ended();
  if (streams_.size() >= most_streams)
    return Refusal{fmt::format("There may be {} streams of traffic at once.", most_streams)};
  auto stream = std::make_unique<Stream>();
  stream->plan = std::move(*plan);
  stream->order = ++last_order_;
  if (stream->plan.id.empty()) stream->plan.id = fmt::format("traffic-{}", stream->order);
  stream->began = around_.clock.now();
  streams_.push_back(std::move(stream));
  save(*streams_.back());
  schedule(*streams_.back());
  return accepted(describe(*streams_.back()));
}

void Traffic::forget_ended() {
  auto ended = static_cast<std::size_t>(
      std::ranges::count_if(streams_, [](const auto& stream) { return stream->ended(); }));
  for (auto at = streams_.begin(); at != streams_.end() && ended >= most_ended;) {
    if (!(*at)->ended()) {
      ++at;
      continue;
    }
    records_.erase((*at)->plan.id);
    at = streams_.erase(at);
    --ended;
  }
}

Json Traffic::remove(std::string_view id) {
  const auto found =
      std::ranges::find_if(streams_, [&](const auto& stream) { return stream->plan.id == id; });
  if (found == streams_.end()) return nullptr;
  if ((*found)->timer != 0) around_.clock.cancel((*found)->timer);
  Json last = describe(**found);
  last["state"] = (*found)->ended() ? "ended" : "stopped";
  records_.erase(id);
  streams_.erase(found);
  return last;
}

void Traffic::clear() {
  while (!streams_.empty()) remove(std::string(streams_.back()->plan.id));
}

Traffic::Stream* Traffic::find(std::uint64_t order) {
  const auto found =
      std::ranges::find_if(streams_, [&](const auto& stream) { return stream->order == order; });
  return found == streams_.end() ? nullptr : found->get();
}

void Traffic::schedule(Stream& stream) {
  if (stream.ended()) return;
  const auto next = static_cast<std::int64_t>(stream.due + 1);
  stream.timer = around_.clock.call_at(stream.began + next * stream.plan.spacing,
                                       [this, order = stream.order] { tick(order); });
}

void Traffic::tick(std::uint64_t order) {
  Stream* stream = find(order);
  if (stream == nullptr) return;
  stream->timer = 0;
  ++stream->due;
  if (stream->in_flight >= stream->plan.concurrency) {
    ++stream->left_out;
  } else {
    const std::string& payload = stream->plan.payloads[stream->sent % stream->plan.payloads.size()];
    ++stream->sent;
    ++stream->in_flight;
    tasks_.spawn("traffic",
                 run_one(order, stream->plan.caller, stream->plan.function, payload, around_.hold()));
  }
  save(*stream);
  schedule(*stream);
}

Task<> Traffic::run_one(std::uint64_t order, lambda::Scope caller, std::string function, std::string payload,
                        [[maybe_unused]] std::shared_ptr<void> hold) {
  auto invoking = around_.invoke(std::move(caller), std::move(function), std::move(payload));
  const Answer answer = co_await std::move(invoking);
  Stream* stream = find(order);
  if (stream == nullptr) co_return;
  --stream->in_flight;
  switch (answer.kind) {
    case Answer::Kind::Ran: {
      ++stream->answered;
      Tally& tally = stream->versions[answer.version];
      ++tally.invokes;
      if (!answer.function_error.empty()) {
        ++stream->errors;
        ++tally.errors;
      }
      break;
    }
    case Answer::Kind::Throttled:
      ++stream->throttled;
      break;
    case Answer::Kind::Refused:
      ++stream->refused;
      stream->problem = answer.problem;
      break;
  }
  if (stream->ended() && stream->in_flight == 0) save(*stream);
}

void Traffic::save(const Stream& stream) {
  if (!around_.journal.durable()) return;
  Json versions = Json::object();
  for (const auto& [version, tally] : stream.versions) versions[version] = {tally.invokes, tally.errors};
  records_.save(stream.plan.id, {{"document", stream.plan.document},
                                 {"account", stream.plan.caller.account},
                                 {"region", stream.plan.caller.region},
                                 {"order", stream.order},
                                 {"began", stream.began.time_since_epoch().count()},
                                 {"due", stream.due},
                                 {"sent", stream.sent},
                                 {"left_out", stream.left_out},
                                 {"answered", stream.answered},
                                 {"errors", stream.errors},
                                 {"throttled", stream.throttled},
                                 {"refused", stream.refused},
                                 {"versions", std::move(versions)}});
}

void Traffic::restore() {
  const RecordedEvents none = [](const std::string&) -> Checked<std::vector<std::string>> {
    return Refusal{"There is no such recording."};
  };
  records_.load([&](std::string_view key, const Json& kept) {
    const auto number = [&kept](const char* member) { return kept.at(member).get<std::uint64_t>(); };
    Checked<TrafficPlan> plan =
        TrafficPlan::parse(kept.at("document"), {kept.at("account"), kept.at("region")}, none);
    if (!plan) return;  // of a version that knew more
    auto stream = std::make_unique<Stream>();
    stream->plan = std::move(*plan);
    stream->plan.id = key;
    stream->order = number("order");
    stream->began = Instant(Duration(kept.at("began").get<std::int64_t>()));
    stream->due = number("due");
    stream->sent = number("sent");
    stream->left_out = number("left_out");
    stream->answered = number("answered");
    stream->errors = number("errors");
    stream->throttled = number("throttled");
    stream->refused = number("refused");
    for (const auto& [version, tally] : kept.at("versions").items())
      stream->versions[version] = {tally.at(0).get<std::uint64_t>(), tally.at(1).get<std::uint64_t>()};
    last_order_ = std::max(last_order_, stream->order);
    // What was due while nobody was there is not made up for.
    const Duration passed = around_.clock.now() - stream->began;
    const auto due =
        std::min(stream->plan.count,
                 static_cast<std::uint64_t>(std::max<std::int64_t>(0, passed / stream->plan.spacing)));
    if (due > stream->due) {
      stream->left_out += due - stream->due;
      stream->due = due;
    }
    streams_.push_back(std::move(stream));
  });
  std::ranges::sort(streams_, {}, [](const auto& stream) { return stream->order; });
  for (const auto& stream : streams_) schedule(*stream);
}

Task<> Traffic::stop() {
  for (const auto& stream : streams_)
    if (stream->timer != 0) around_.clock.cancel(std::exchange(stream->timer, 0));
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::rehearsal
