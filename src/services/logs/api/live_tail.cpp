#include "services/logs/api/live_tail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/event_stream.hpp"

namespace aviary::logs {
namespace {

constexpr std::chrono::seconds pace{1};
constexpr std::chrono::hours longest{3};
constexpr std::size_t most_events = 500;    ///< of an update
constexpr std::size_t most_waiting = 5000;  ///< of a reader that is too slow
/// A reader that has this much to take gets nothing new before.
constexpr std::size_t slow_reader = 1 << 20;

bool wants_stream(const LiveTail::Wanted& wanted, std::string_view stream) {
  if (!wanted.streams.empty()) return std::ranges::find(wanted.streams, stream) != wanted.streams.end();
  if (wanted.prefixes.empty()) return true;
  return std::ranges::any_of(wanted.prefixes,
                             [&](const std::string& prefix) { return stream.starts_with(prefix); });
}

std::string live_tail_event(std::string_view type, const Json& payload) {
  return wire::event_message(type, "application/json", payload.dump());
}

}  // namespace

LiveTail::~LiveTail() { close(); }

std::shared_ptr<wire::BodyStream> LiveTail::open(Wanted wanted, const Json& start) {
  auto session = std::make_unique<Session>();
  session->wanted = std::move(wanted);
  session->ends = clock_.now() + longest;
  session->stream = std::make_shared<wire::BodyStream>();
  // In the protocols whose answers have no headers the first message stands for the members beside the
  // stream.
  session->stream->write(wire::event_message("initial-response", "application/x-amz-json-1.1", "{}"));
  session->stream->write(live_tail_event("sessionStart", start));
  std::shared_ptr<wire::BodyStream> stream = session->stream;
  sessions_.push_back(std::move(session));
  if (timer_ == 0) timer_ = stopwatch_.call_after(pace, [this] { tick(); });
  return stream;
}

void LiveTail::on_event(const LogGroup& group, std::string_view stream, EventKey key, Millis ingested,
                        std::string_view text) {
  for (const std::unique_ptr<Session>& session : sessions_) {
    const Wanted& wanted = session->wanted;
    if (group.scope != wanted.scope || std::ranges::find(wanted.groups, group.name) == wanted.groups.end() ||
        !wants_stream(wanted, stream) || !wanted.pattern.matches(text))
      continue;
    session->waiting.push_back({{"logStreamName", stream},
                                {"logGroupIdentifier", fmt::format("{}:{}", group.scope.account, group.name)},
                                {"message", text},
                                {"timestamp", key.timestamp},
                                {"ingestionTime", ingested}});
    if (session->waiting.size() <= most_waiting) continue;
    session->waiting.pop_front();
    session->sampled = true;
  }
}

void LiveTail::tick() {
  timer_ = 0;
  std::erase_if(sessions_, [](const std::unique_ptr<Session>& session) { return session->stream->closed(); });
  for (const std::unique_ptr<Session>& session : sessions_) {
    update(*session);
    if (clock_.now() < session->ends) continue;
    session->stream->write(wire::event_message({{":message-type", "exception"},
                                                {":exception-type", "SessionTimeoutException"},
                                                {":content-type", "application/json"}},
                                               Json{{"message", "The session has timed out."}}.dump()));
    session->stream->end();
  }
  std::erase_if(sessions_,
                [this](const std::unique_ptr<Session>& session) { return clock_.now() >= session->ends; });
  if (!sessions_.empty()) timer_ = stopwatch_.call_after(pace, [this] { tick(); });
}

void LiveTail::update(Session& session) {
  if (session.stream->waiting() > slow_reader) return;
  Json events = Json::array();
  while (!session.waiting.empty() && events.size() < most_events) {
    events.push_back(std::move(session.waiting.front()));
    session.waiting.pop_front();
  }
  session.stream->write(live_tail_event("sessionUpdate", {{"sessionMetadata", {{"sampled", session.sampled}}},
                                                          {"sessionResults", std::move(events)}}));
  session.sampled = false;
}

void LiveTail::close() {
  if (timer_ != 0) stopwatch_.cancel(timer_);
  timer_ = 0;
  for (const std::unique_ptr<Session>& session : sessions_) {
    update(*session);
    session->stream->end();
  }
  sessions_.clear();
}

}  // namespace aviary::logs
