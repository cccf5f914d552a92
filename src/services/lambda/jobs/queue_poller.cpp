#include "services/lambda/jobs/queue_poller.hpp"

#include <algorithm>

#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {
namespace {

constexpr Duration idle_wait = std::chrono::seconds(20);
constexpr Duration missing_queue_wait = std::chrono::seconds(60);

// Lambda begins with five batches at once and adds up to 300 a minute while there is work, up to 1250:
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
constexpr std::size_t first_pollers = 5;
constexpr std::size_t more_per_second = 5;
constexpr std::size_t pollers_at_most = 1250;

std::vector<std::string> handles_of(const std::vector<QueueRecord>& batch) {
  std::vector<std::string> handles;
  handles.reserve(batch.size());
  for (const QueueRecord& record : batch) handles.push_back(record.receipt_handle);
  return handles;
}

}  // namespace

QueuePoller::QueuePoller(Clock& clock, TaskGroup& tasks, QueueSource& queues, BatchInvoker& functions,
                         EventSourceMapping mapping)
    : clock_(clock),
      tasks_(tasks),
      queues_(queues),
      functions_(functions),
      mapping_(std::move(mapping)),
      patterns_(mapping_.patterns()) {}

void QueuePoller::start() {
  stopped_ = false;
  if (!std::exchange(running_, true)) tasks_.spawn("a queue's poller", run(shared_from_this()));
}

void QueuePoller::stop() {
  stopped_ = true;
  give_room();
}

void QueuePoller::update(EventSourceMapping mapping) {
  mapping_ = std::move(mapping);
  patterns_ = mapping_.patterns();
}

void QueuePoller::describe(Json& row, Instant) const {
  const std::optional<QueueFacts> queue = queues_.find(mapping_.source);
  row["lag"] = queue ? Json(queue->waiting) : Json();
}

void QueuePoller::give_room() {
  if (room_) room_->set(true);
}

std::size_t QueuePoller::most_at_once() const {
  if (mapping_.maximum_concurrency) return static_cast<std::size_t>(*mapping_.maximum_concurrency);
  if (throttled_ || !busy_since_) return first_pollers;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.now() - *busy_since_).count();
  const auto grown =
      first_pollers + more_per_second * static_cast<std::size_t>(std::clamp<std::int64_t>(seconds, 0, 300));
  return std::min(grown, pollers_at_most);
}

Task<> QueuePoller::wait_for_room() {
  while (!stopped_ && counts_.batches_in_flight >= most_at_once()) {
    room_.emplace();
    const OneShot<bool> room = *room_;
    // Also looks again by itself, for room grows with time.
    const TimerId timer = clock_.call_at(clock_.now() + std::chrono::seconds(1), [room] { room.set(true); });
    co_await room.wait_regardless();
    clock_.cancel(timer);
    room_.reset();
  }
}

Task<> QueuePoller::run(Self self) {
  while (!self->stopped_) {
    co_await self->wait_for_room();
    if (self->stopped_) break;
    Batch batch;
    const bool goes_on = co_await self->gather(batch);
    if (self->stopped_ || !goes_on) {
      auto releasing = self->queues_.release(self->mapping_.source, handles_of(batch));
      co_await std::move(releasing);
      break;
    }
    if (batch.empty()) continue;
    if (!self->busy_since_) self->busy_since_ = self->clock_.now();
    // What does not fit into one event goes in several.
    while (!batch.empty()) {
      std::size_t bytes = event_envelope_bytes;
      std::size_t count = 0;
      for (; count < batch.size(); ++count) {
        const std::size_t size = dumped(batch[count].event).size() + 1;
        if (count > 0 && bytes + size > event_bytes_at_most) break;
        bytes += size;
      }
      Batch part(std::make_move_iterator(batch.begin()),
                 std::make_move_iterator(batch.begin() + static_cast<std::ptrdiff_t>(count)));
      batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
      self->counts_.given(part.size());
      self->tasks_.spawn("a queue's batch", process(self, std::move(part), self->clock_.now()));
    }
  }
  self->running_ = false;
}

Task<> QueuePoller::take(Batch& batch, std::size_t count) {
  std::vector<std::string> unwanted;
  auto receiving = queues_.receive(mapping_.source, count);
  std::vector<QueueRecord> received = co_await std::move(receiving);
  for (QueueRecord& record : received) {
    if (passes_filters(SourceKind::Queue, patterns_, record.event)) {
      batch.push_back(std::move(record));
    } else {
      unwanted.push_back(std::move(record.receipt_handle));
    }
  }
  counts_.filtered += unwanted.size();
  if (unwanted.empty()) co_return;
  auto removing = queues_.remove(mapping_.source, std::move(unwanted));
  co_await std::move(removing);
}

/// Until the batch is full, its window is over, or something is there when there is no window. False when
/// everything ends.
Task<bool> QueuePoller::gather(Batch& batch) {
  std::optional<Instant> closes;
  const std::string source = mapping_.source;
  for (;;) {
    if (stopped_) co_return true;
    const auto wanted = static_cast<std::size_t>(std::max(mapping_.batch_size, 1));
    const Instant now = clock_.now();
    if (batch.size() < wanted) {
      auto taking = take(batch, wanted - batch.size());
      co_await std::move(taking);
    }
    if (!batch.empty() && !closes) closes = now + std::chrono::seconds(mapping_.window);
    if (batch.size() >= wanted || (closes && now >= *closes)) co_return true;
    if (batch.empty() && counts_.batches_in_flight == 0) busy_since_.reset();
    const bool there = queues_.find(source).has_value();
    if (!there) counts_.last_error = "Queue not found: " + source;
    const Duration pause = there ? idle_wait : missing_queue_wait;
    const Instant until = closes ? *closes : now + pause;
    const bool open = co_await queues_.wait(source, until);
    if (!open) co_return false;
  }
}

Task<> QueuePoller::process(Self self, Batch batch, Instant received) {
  OrderedJson event;
  OrderedJson& records = event["Records"] = OrderedJson::array();
  for (const QueueRecord& record : batch) records.push_back(record.event);
  const std::string payload = dumped(event);
  event = nullptr;
  BatchOutcome outcome;
  Duration pause = std::chrono::seconds(1);
  for (;;) {
    outcome =
        co_await self->functions_.run_batch(self->mapping_.scope, self->mapping_.function_arn(), payload);
    self->throttled_ = outcome.kind == BatchOutcome::Kind::Throttled;
    if (!self->throttled_) break;
    // Again and again while the messages are ours; then the queue offers them anew.
    ++self->counts_.throttled;
    const std::optional<QueueFacts> queue = self->queues_.find(self->mapping_.source);
    const Instant again = self->clock_.now() + pause;
    const bool ours = queue && again < received + std::chrono::seconds(queue->visibility_timeout);
    if (!ours || self->stopped_) break;
    co_await sleep_until(self->clock_, again);
    pause = std::min<Duration>(pause * 2, std::chrono::seconds(30));
  }
  std::vector<std::string> finished = self->settle(batch, outcome);
  if (!finished.empty()) {
    auto removing = self->queues_.remove(self->mapping_.source, std::move(finished));
    co_await std::move(removing);
  }
  if (outcome.kind == BatchOutcome::Kind::Refused && !self->stopped_) {
    // A function that is not there is not asked for again at once.
    const Instant again = self->clock_.now() + std::chrono::seconds(5);
    co_await sleep_until(self->clock_, again);
  }
  self->counts_.back(batch.size());
  self->give_room();
}

std::vector<std::string> QueuePoller::settle(const Batch& batch, const BatchOutcome& outcome) {
  counts_.ran(batch.size(), outcome, clock_.now());
  if (outcome.kind != BatchOutcome::Kind::Done) {
    counts_.fail(outcome);
    return {};
  }
  std::vector<std::string> done;
  if (mapping_.reports_failures) {
    std::vector<std::string> ids;
    for (const QueueRecord& record : batch) ids.push_back(record.message_id);
    const auto failed = failed_items(outcome.payload, ids);
    if (!failed) {
      counts_.fail("PROBLEM: Function call failed", "the function's batchItemFailures make no sense");
      return {};
    }
    for (const QueueRecord& record : batch)
      if (std::ranges::find(*failed, record.message_id) == failed->end())
        done.push_back(record.receipt_handle);
    if (!failed->empty()) ++counts_.failed;
  } else {
    done = handles_of(batch);
  }
  counts_.last_result = "OK";
  return done;
}

}  // namespace aviary::lambda
