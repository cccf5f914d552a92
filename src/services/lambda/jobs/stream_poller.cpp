#include "services/lambda/jobs/stream_poller.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {
namespace {

constexpr Duration look_again = std::chrono::seconds(20);
constexpr Duration after_a_problem = std::chrono::seconds(5);
constexpr std::size_t read_at_once = 10'000;
constexpr std::size_t records_ahead = 10'000;

void give_signal(std::optional<OneShot<bool>>& signal) {
  if (signal) signal->set(true);
}

}  // namespace

StreamPoller::StreamPoller(Neighbours neighbours, EventSourceMapping mapping)
    : n_(neighbours), mapping_(std::move(mapping)), patterns_(mapping_.patterns()) {}

void StreamPoller::start() {
  if (stopped_ || !running_) started_ = n_.clock.now();
  stopped_ = false;
  if (std::exchange(running_, true))
    give_signal(news_);
  else
    n_.tasks.spawn("a stream's poller", run(shared_from_this()));
}

void StreamPoller::stop() {
  stopped_ = true;
  give_signal(news_);
  stop_works();
}

void StreamPoller::stop_works() {
  for (const auto& [shard, work] : works_) {
    work->stopped = true;
    give_signal(work->room);
    for (Lane& lane : work->lanes) {
      give_signal(lane.news);
      give_signal(lane.pause);
    }
  }
}

void StreamPoller::abandon() {
  abandoned_ = true;
  stop();
}

void StreamPoller::update(EventSourceMapping mapping) {
  // Another number of lanes: each shard ends what it runs, and goes on from there.
  const bool other_lanes = mapping.parallelization != mapping_.parallelization ||
                           (mapping.tumbling_window > 0) != (mapping_.tumbling_window > 0);
  if (other_lanes) stop_works();
  mapping_ = std::move(mapping);
  patterns_ = mapping_.patterns();
}

Task<> StreamPoller::nap(Signal& signal, std::optional<Instant> until) {
  signal.emplace();
  const OneShot<bool> woken = *signal;
  TimerId timer = 0;
  if (until) timer = n_.clock.call_at(*until, [woken] { woken.set(true); });
  co_await woken.wait_regardless();
  if (timer != 0) n_.clock.cancel(timer);
  signal.reset();
}

// ---------------------------------------------------------------- shards

Task<> StreamPoller::run(Self self) {
  while (!self->stopped_) {
    self->changed_ = false;
    auto listing = self->n_.source.list(self->mapping_.source);
    const StreamListing found = co_await std::move(listing);
    if (self->stopped_) break;
    const Instant now = self->n_.clock.now();
    if (!found.exists) {
      const bool known = found.problem.empty();
      self->counts_.last_result = "PROBLEM: " + (known ? std::string("Stream not found") : found.problem);
      self->counts_.last_error = known ? "Stream not found: " + self->mapping_.source : found.problem;
      // One that comes under the same name later is another.
      if (known && !self->abandoned_) self->n_.checkpoints.forget(self->mapping_.uuid);
      const bool open = co_await self->n_.source.wait(self->mapping_.source, now + after_a_problem);
      if (!open) break;
      continue;
    }
    self->take_up(found);
    if (self->changed_) continue;
    co_await self->nap(self->news_, now + look_again);
  }
  self->running_ = false;
}

StreamPosition StreamPoller::first_position() const {
  using Kind = StreamPosition::Kind;
  if (mapping_.starting_position == "TRIM_HORIZON") return {.kind = Kind::TrimHorizon};
  if (mapping_.starting_position == "AT_TIMESTAMP")
    return {.kind = Kind::AtTimestamp, .timestamp = mapping_.starting_timestamp.value_or(started_)};
  // A moment can be found again after a restart; only DynamoDB's streams do not know any.
  if (mapping_.kind() == SourceKind::DynamoDb) return {.kind = Kind::Latest};
  return {.kind = Kind::AtTimestamp, .timestamp = started_};
}

void StreamPoller::take_up(const StreamListing& listing) {
  StreamCheckpoints& checkpoints = n_.checkpoints;
  const bool first = checkpoints.of(mapping_.uuid).empty();
  if (first) {
    const StreamPosition position = first_position();
    for (const StreamShard& shard : listing.shards) {
      const bool over = position.kind == StreamPosition::Kind::Latest && !shard.open;
      checkpoints.put(mapping_.uuid, shard.id, {.position = position, .done = over});
    }
  }
  std::vector<std::string> gone;
  for (const auto& [id, checkpoint] : checkpoints.of(mapping_.uuid))
    if (std::ranges::find(listing.shards, id, &StreamShard::id) == listing.shards.end()) gone.push_back(id);
  for (const std::string& id : readable_shards(listing.shards, checkpoints.of(mapping_.uuid)))
    if (!works_.contains(id)) begin(id);
  for (const std::string& id : gone)
    if (!works_.contains(id)) checkpoints.erase(mapping_.uuid, id);
}

void StreamPoller::begin(const std::string& shard) {
  const auto work = std::make_shared<Work>();
  work->shard = shard;
  const StreamCheckpoints::ByShard& known = n_.checkpoints.of(mapping_.uuid);
  const auto checkpoint = known.find(shard);
  // A shard that has come since is read from its beginning.
  if (checkpoint != known.end()) work->position = checkpoint->second.position;
  work->done_to = work->position;
  // A window has one state, so its batches come one after the other.
  const int lanes = mapping_.tumbling_window > 0 ? 1 : std::max(mapping_.parallelization, 1);
  work->lanes.resize(static_cast<std::size_t>(lanes));
  if (checkpoint != known.end() && mapping_.tumbling_window > 0)
    work->lanes.front().window = checkpoint->second.window;
  work->parts = work->lanes.size() + 1;
  works_.emplace(shard, work);
  n_.tasks.spawn("a shard's reader", read(shared_from_this(), work));
  for (std::size_t i = 0; i < work->lanes.size(); ++i)
    n_.tasks.spawn("a shard's lane", run_lane(shared_from_this(), work, i));
}

void StreamPoller::part_ended(const WorkPtr& work) {
  if (--work->parts > 0) return;
  if (work->ended && work->steps.empty() && !work->stopped) save(*work, true);
  works_.erase(work->shard);
  changed_ = true;
  give_signal(news_);
}

std::size_t StreamPoller::room_in(const Work& work) const {
  const std::size_t waiting = work.steps.size();
  return waiting >= records_ahead ? 0 : records_ahead - waiting;
}

Task<> StreamPoller::read(Self self, WorkPtr work) {
  while (!work->stopped && !work->ended) {
    const std::size_t room = std::min(self->room_in(*work), read_at_once);
    if (room == 0) {
      co_await self->nap(work->room, std::nullopt);
      continue;
    }
    const Instant now = self->n_.clock.now();
    auto reading = self->n_.source.read(self->mapping_.source, work->shard, work->position, room);
    StreamPage page = co_await std::move(reading);
    if (work->stopped) break;
    Instant until = now + look_again;
    const bool more = page.more;
    const bool troubled = page.missing || !page.problem.empty();
    if (troubled) {
      self->counts_.last_error = page.missing ? "there is no shard " + work->shard : page.problem;
      self->counts_.last_result = "PROBLEM: " + self->counts_.last_error;
      until = now + after_a_problem;
      if (page.missing) {  // perhaps the stream is, too: that says more
        self->changed_ = true;
        give_signal(self->news_);
      }
    } else {
      self->accept(*work, std::move(page));
      if (more || work->ended) continue;
      work->caught_up = now;
      // A window ends when nothing of it is left to read, so somebody looks.
      if (self->mapping_.tumbling_window > 0) {
        until = now + std::chrono::seconds(1);
        if (const auto& window = work->lanes.front().window; window && now >= window->end)
          give_signal(work->lanes.front().news);
      }
    }
    const bool open = co_await self->n_.source.wait(self->mapping_.source, until);
    // A shard that is not there any more is not waited for.
    if (!open || (troubled && page.missing)) break;
  }
  work->reading = false;
  for (Lane& lane : work->lanes) give_signal(lane.news);
  self->part_ended(work);
}

void StreamPoller::accept(Work& work, StreamPage page) {
  std::vector<StreamRecord> unwanted;
  for (StreamRecord& record : page.records) {
    record.ordinal = work.first_step + work.steps.size();
    work.position = {.kind = StreamPosition::Kind::After, .sequence_number = record.sequence_number};
    const bool wanted = passes_filters(mapping_.kind(), patterns_, record.event);
    work.steps.push_back({.sequence_number = record.sequence_number, .arrived = record.arrived});
    if (!wanted) {
      unwanted.push_back(std::move(record));
      continue;
    }
    record.bytes = dumped(record.event).size();
    Lane& lane = work.lanes[lane_of(record.partition_key, work.lanes.size())];
    lane.waiting.push_back(std::move(record));
  }
  counts_.filtered += unwanted.size();
  done(work, unwanted);
  if (page.records.empty() && page.next) {
    work.position = *page.next;
    if (work.steps.empty()) work.done_to = *page.next;
  }
  work.ended = page.ended;
  for (Lane& lane : work.lanes)
    if (!lane.waiting.empty() || work.ended) give_signal(lane.news);
}

// ---------------------------------------------------------------- batches

Task<> StreamPoller::run_lane(Self self, WorkPtr work, std::size_t index) {
  for (;;) {
    auto gathering = self->gather(work, index);
    std::optional<BatchPart> batch = co_await std::move(gathering);
    if (!batch) break;
    auto processing = self->process(work, index, std::move(*batch));
    co_await std::move(processing);
  }
  self->part_ended(work);
}

/// The next batch; nothing: there will be none.
Task<std::optional<BatchPart>> StreamPoller::gather(WorkPtr work, std::size_t index) {
  for (;;) {
    if (work->stopped) co_return std::nullopt;
    Lane& lane = work->lanes[index];
    const Instant now = n_.clock.now();
    std::optional<Instant> until;
    const bool none = lane.waiting.empty();
    if (lane.window) {
      const bool over = none ? work->ended || work->caught_up >= lane.window->end
                             : lane.waiting.front().arrived >= lane.window->end;
      if (over) {
        BatchPart last;
        last.final = true;
        co_return last;
      }
    }
    if (!none) {
      if (!lane.window && mapping_.tumbling_window > 0)
        lane.window = window_of(lane.waiting.front().arrived, mapping_.tumbling_window);
      if (!lane.opened) lane.opened = now;
      const Instant closes = *lane.opened + std::chrono::seconds(mapping_.window);
      const Cut cut =
          cut_batch(lane.waiting, static_cast<std::size_t>(std::max(mapping_.batch_size, 1)), lane.window);
      if (cut.full || now >= closes || !work->reading) {
        const auto end = lane.waiting.begin() + static_cast<std::ptrdiff_t>(cut.count);
        BatchPart batch;
        batch.records.assign(std::make_move_iterator(lane.waiting.begin()), std::make_move_iterator(end));
        lane.waiting.erase(lane.waiting.begin(), end);
        lane.opened.reset();
        co_return batch;
      }
      until = closes;
    } else if (!work->reading) {
      co_return std::nullopt;
    }
    auto waiting = nap(lane.news, until);
    co_await std::move(waiting);
  }
}

Task<> StreamPoller::process(WorkPtr work, std::size_t index, BatchPart batch) {
  BatchParts parts(std::move(batch));
  while (!parts.empty() && !work->stopped) {
    BatchPart part = parts.next();
    if (const std::vector<StreamRecord> old = part.take_expired(mapping_, n_.clock.now()); !old.empty()) {
      give_up(*work, part, old, "RecordAgeExceeded", {});
      done(*work, old);
      if (part.records.empty()) continue;
    }
    std::optional<WindowFacts> window;
    Lane& lane = work->lanes[index];
    if (lane.window)
      window = WindowFacts{
          .window = &*lane.window, .shard = work->shard, .final = part.final, .early = part.early};
    const std::string role = n_.functions.role_of(mapping_.scope, mapping_.function, mapping_.qualifier);
    const std::string payload = stream_event(part.records, mapping_, role, window);
    const bool in_window = window && !part.final;
    counts_.given(part.records.size());
    const Instant given = n_.clock.now();
    auto running = n_.functions.run_batch(mapping_.scope, mapping_.function_arn(), payload);
    BatchOutcome outcome = co_await std::move(running);
    counts_.back(part.records.size());
    const Verdict verdict = judge_batch(mapping_, part.records, outcome, part.attempts, in_window);
    using Next = Verdict::Next;
    if (verdict.next != Next::Wait && !part.records.empty() && !abandoned_) tell(part.records.back(), given);
    counts_.judged(part, std::move(outcome), verdict, n_.clock.now());
    if (!verdict.state.empty() && work->lanes[index].window) work->lanes[index].window->state = verdict.state;
    const bool window_ends = part.final && (verdict.next == Next::Done || verdict.next == Next::Discard);
    if (window_ends) work->lanes[index].window.reset();
    if (verdict.next == Next::Discard) {
      if (!part.records.empty()) give_up(*work, part, part.records, "RetryAttemptsExhausted", payload);
      done(*work, part.records);
    } else {
      // In a shard it is always those at the front.
      const auto count = static_cast<std::size_t>(std::ranges::count(verdict.done, true));
      done(*work, std::span(part.records).first(count));
    }
    if (verdict.next == Next::Done && verdict.state_too_big) {
      BatchPart end;
      end.final = end.early = true;
      parts.put_first(std::move(end));
    }
    const std::optional<Duration> pause = parts.go_on(std::move(part), verdict);
    if (window_ends) save(*work);
    if (!pause || work->stopped) continue;
    auto waiting = nap(work->lanes[index].pause, n_.clock.now() + *pause);
    co_await std::move(waiting);
  }
}

/// `last`: the youngest record of a batch that the function was given.
void StreamPoller::tell(const StreamRecord& last, Instant given) const {
  const StreamNotice notice{.scope = mapping_.scope,
                            .function_name = mapping_.function,
                            .qualifier = mapping_.qualifier,
                            .age = given - last.arrived};
  for (StreamObserver* observer : n_.observers) observer->on_stream_batch(notice);
}

void StreamPoller::done(Work& work, std::span<const StreamRecord> records) {
  for (const StreamRecord& record : records)
    work.steps[static_cast<std::size_t>(record.ordinal - work.first_step)].done = true;
  bool moved = false;
  for (; !work.steps.empty() && work.steps.front().done; work.steps.pop_front(), ++work.first_step) {
    work.done_to = {.kind = StreamPosition::Kind::After,
                    .sequence_number = std::move(work.steps.front().sequence_number)};
    moved = true;
  }
  if (!moved) return;
  save(work);
  give_signal(work.room);
}

void StreamPoller::save(const Work& work, bool finished) {
  if (abandoned_) return;
  n_.checkpoints.put(mapping_.uuid, work.shard,
                     {.position = work.done_to, .done = finished, .window = work.lanes.front().window});
}

void StreamPoller::give_up(const Work& work, const BatchPart& part, std::span<const StreamRecord> records,
                           std::string_view condition, std::string_view payload) {
  counts_.discarded += records.size();
  if (mapping_.on_failure.empty()) return;
  std::string event;
  if (payload.empty()) {
    event = stream_event(records, mapping_, {}, std::nullopt);
    payload = event;
  }
  const GivenUp given_up{.shard = work.shard,
                         .condition = condition,
                         .invokes = part.invokes,
                         .last = part.last ? &*part.last : nullptr,
                         .payload = payload};
  OutgoingMessage message = failure_message(mapping_, records, given_up, n_.clock.now(), n_.ids.uuid());
  n_.messenger.send(std::move(message),
                    [target = mapping_.on_failure](const std::optional<std::string>& problem) {
                      if (problem)
                        log::warn("a stream's discarded batch did not reach {}: {}", target, *problem);
                    });
}

void StreamPoller::describe(Json& row, Instant now) const {
  std::size_t waiting = 0;
  Duration oldest{};
  Json shards = Json::object();
  for (const auto& [id, checkpoint] : n_.checkpoints.of(mapping_.uuid))
    shards[id] = {{"after", checkpoint.position.sequence_number}, {"done", checkpoint.done}, {"waiting", 0}};
  for (const auto& [id, work] : works_) {
    waiting += work->steps.size();
    if (!work->steps.empty()) oldest = std::max(oldest, now - work->steps.front().arrived);
    shards[id]["waiting"] = work->steps.size();
  }
  row["lag"] = waiting;
  row["iterator_age_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(oldest).count();
  row["shards"] = std::move(shards);
}

}  // namespace aviary::lambda
