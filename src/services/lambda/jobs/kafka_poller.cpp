#include "services/lambda/jobs/kafka_poller.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "services/lambda/core/mapping_event.hpp"
#include "services/lambda/core/stream_batch.hpp"

namespace aviary::lambda {
namespace {

constexpr Duration kafka_look_again = std::chrono::seconds(20);
constexpr Duration after_a_kafka_problem = std::chrono::seconds(5);
/// Without a MaximumBatchingWindowInSeconds of the mapping's own:
/// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
constexpr Duration usual_kafka_window = std::chrono::milliseconds(500);

void ring(std::optional<OneShot<bool>>& signal) {
  if (signal) signal->set(true);
}

}  // namespace

KafkaPoller::KafkaPoller(Neighbours neighbours, EventSourceMapping mapping)
    : n_(neighbours), mapping_(std::move(mapping)), patterns_(mapping_.patterns()) {}

void KafkaPoller::start() {
  stopped_ = false;
  if (!std::exchange(running_, true)) n_.tasks.spawn("a Kafka topic's poller", run(shared_from_this()));
}

void KafkaPoller::stop() {
  stopped_ = true;
  ring(news_);
  ring(pause_);
}

void KafkaPoller::update(EventSourceMapping mapping) {
  if (*mapping.kafka != *mapping_.kafka) {
    reopen_ = true;
    ring(news_);
  }
  mapping_ = std::move(mapping);
  patterns_ = mapping_.patterns();
}

Task<> KafkaPoller::nap(Clock& clock, Signal& signal, Instant until) {
  signal.emplace();
  const OneShot<bool> woken = *signal;
  const TimerId timer = clock.call_at(until, [woken] { woken.set(true); });
  co_await woken.wait_regardless();
  clock.cancel(timer);
  signal.reset();
}

bool KafkaPoller::open() {
  std::string problem = n_.ties.kafka ? "" : "There is no way to Kafka here.";
  if (problem.empty()) {
    KafkaConnection connection = kafka_connection(mapping_, n_.ties.brokers, n_.ties.secrets, problem);
    servers_ = connection.servers;
    if (problem.empty())
      consumer_ = n_.ties.kafka->open(
          std::move(connection),
          [weak = weak_from_this()] {
            if (const Self self = weak.lock()) ring(self->news_);
          },
          problem);
  }
  reopen_ = false;
  if (consumer_) return true;
  counts_.last_error = problem;
  counts_.last_result = "PROBLEM: " + problem;
  return false;
}

void KafkaPoller::close() {
  consumer_.reset();
  waiting_.clear();
  read_to_.clear();
  committed_.clear();
}

Task<> KafkaPoller::run(Self self) {
  while (!self->stopped_) {
    if (self->reopen_) self->close();
    if (!self->consumer_ && !self->open()) {
      auto waiting = nap(self->n_.clock, self->news_, self->n_.clock.now() + after_a_kafka_problem);
      co_await std::move(waiting);
      continue;
    }
    std::vector<StreamRecord> batch;
    auto gathering = self->gather(batch);
    const bool complete = co_await std::move(gathering);
    if (!complete) continue;
    auto processing = self->process(std::move(batch));
    co_await std::move(processing);
  }
  self->close();
  self->running_ = false;
}

void KafkaPoller::take(std::size_t count) {
  while (waiting_.size() < count) {
    const std::size_t wanted = count - waiting_.size();
    std::vector<KafkaRecord> records = consumer_->take(wanted);
    for (KafkaRecord& each : records) {
      StreamRecord record = kafka_record(each, mapping_.kafka->topics.front());
      read_to_[record.partition_key] = each.offset + 1;
      if (!passes_filters(SourceKind::Kafka, patterns_, record.event)) {
        ++counts_.filtered;
        continue;
      }
      record.bytes = dumped(record.event).size();
      waiting_.push_back(std::move(record));
    }
    if (records.size() < wanted) break;
  }
  const std::string& problem = consumer_->problem();
  if (problem.empty() || problem == counts_.last_error) return;
  counts_.last_error = problem;
  counts_.last_result = "PROBLEM: " + problem;
}

/// The next batch. False: there is none, for the poller stops or the way to the brokers has changed.
Task<bool> KafkaPoller::gather(std::vector<StreamRecord>& batch) {
  std::optional<Instant> opened;
  for (;;) {
    if (stopped_ || reopen_) co_return false;
    const auto wanted = static_cast<std::size_t>(std::max(mapping_.batch_size, 1));
    take(wanted);
    const Instant now = n_.clock.now();
    Instant until = now + kafka_look_again;
    if (waiting_.empty()) {
      // What the filters held back is done with.
      commit({});
    } else {
      if (!opened) opened = now;
      const Duration window =
          mapping_.kafka->window_given ? std::chrono::seconds(mapping_.window) : Duration(usual_kafka_window);
      until = *opened + window;
      const Cut cut = cut_batch(waiting_, wanted, std::nullopt);
      if (cut.full || now >= until) {
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(cut.count);
        batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        co_return true;
      }
    }
    auto waiting = nap(n_.clock, news_, until);
    co_await std::move(waiting);
  }
}

Task<> KafkaPoller::process(std::vector<StreamRecord> batch) {
  BatchPart whole;
  whole.records = std::move(batch);
  BatchParts parts(std::move(whole));
  while (!parts.empty() && !stopped_) {
    BatchPart part = parts.next();
    if (const std::vector<StreamRecord> old = part.take_expired(mapping_, n_.clock.now()); !old.empty()) {
      give_up(part, old, "RecordAgeExceeded", {});
      if (part.records.empty()) {
        commit(parts.left());
        continue;
      }
    }
    const std::string payload = kafka_event(part.records, mapping_, servers_);
    counts_.given(part.records.size());
    auto running = n_.functions.run_batch(mapping_.scope, mapping_.function_arn(), payload);
    BatchOutcome outcome = co_await std::move(running);
    counts_.back(part.records.size());
    const Verdict verdict = judge_kafka_batch(mapping_, part.records, outcome, part.attempts);
    counts_.judged(part, std::move(outcome), verdict, n_.clock.now());
    if (verdict.next == Verdict::Next::Discard)
      give_up(part, part.records, "RetryAttemptsExhausted", payload);
    const std::optional<Duration> pause = parts.go_on(std::move(part), verdict);
    commit(parts.left());
    if (!pause || stopped_) continue;
    auto waiting = nap(n_.clock, pause_, n_.clock.now() + *pause);
    co_await std::move(waiting);
  }
}

/// Tells the group what is done with: in each partition all that was taken before what is still to do.
void KafkaPoller::commit(std::span<const BatchPart> parts) {
  std::map<std::string, std::int64_t> done = read_to_;
  const auto hold = [&done](const StreamRecord& record) {
    std::int64_t& to = done[record.partition_key];
    to = std::min(to, record.event["offset"].get<std::int64_t>());
  };
  for (const BatchPart& part : parts) std::ranges::for_each(part.records, hold);
  std::ranges::for_each(waiting_, hold);
  for (const auto& [partition, offset] : done) {
    const auto [placed, first] = committed_.emplace(partition, -1);
    if (placed->second >= offset) continue;
    const bool fresh = first && offset == 0;
    placed->second = offset;
    if (!fresh) consumer_->commit(std::stoi(partition.substr(partition.rfind('-') + 1)), offset);
  }
}

void KafkaPoller::give_up(const BatchPart& part, std::span<const StreamRecord> records,
                          std::string_view condition, std::string payload) {
  counts_.discarded += records.size();
  if (mapping_.on_failure.empty()) return;
  if (payload.empty()) payload = kafka_event(records, mapping_, servers_);
  const GivenUp given_up{.shard = {},
                         .condition = condition,
                         .invokes = part.invokes,
                         .last = part.last ? &*part.last : nullptr,
                         .payload = payload};
  const auto complain = [target = mapping_.on_failure](const std::optional<std::string>& problem) {
    if (problem) log::warn("a topic's discarded batch did not reach {}: {}", target, *problem);
  };
  const Instant now = n_.clock.now();
  const std::optional<std::string> topic = kafka_destination(mapping_.on_failure);
  if (!topic) {
    n_.messenger.send(kafka_failure_message(mapping_, records, given_up, servers_, now, n_.ids.uuid()),
                      complain);
    return;
  }
  for (const StreamRecord& record : records) {
    std::optional<std::string> key;
    if (const auto found = record.event.find("key"); found != record.event.end())
      key = base64_decode(found->get<std::string>());
    consumer_->write(*topic, std::move(key),
                     kafka_failure_record(mapping_, record, given_up, servers_, now, n_.ids.uuid()),
                     complain);
  }
}

void KafkaPoller::describe(Json& row, Instant) const {
  row["lag"] = consumer_ ? Json(consumer_->lag()) : Json();
  row["topic"] = mapping_.kafka->topics.front();
  row["group"] = mapping_.kafka->group;
}

}  // namespace aviary::lambda
