#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/sqs/core/message.hpp"
#include "services/sqs/core/queue_settings.hpp"

namespace aviary::sqs {

/// Hears of every change of a queue's messages, in the step that makes it: the journal's side.
class MessageLog {
 public:
  virtual ~MessageLog() = default;
  virtual void saved(const std::string& queue, const Message& message) = 0;
  virtual void erased(const std::string& queue, std::uint64_t number) = 0;
};

/// The messages of one queue, standard or FIFO: who may be received now, who waits for its delay or its
/// visibility, whose time is over. Time comes as an argument; `settle` brings the queue to a moment and is
/// called first by whoever reads or changes it.
///
/// FIFO: messages of a group leave in the order they came; while any of a group is in flight, or its first is
/// delayed, no other of the group is received.
class Queue {
 public:
  /// `uid` tells this queue from another of the same name, before or after it.
  Queue(QueueId id, std::string uid, QueueSettings settings, Instant created, MessageLog& log);

  const QueueId& id() const noexcept { return id_; }
  const std::string& uid() const noexcept { return uid_; }
  std::string arn() const { return queue_arn(id_); }
  const QueueSettings& settings() const noexcept { return settings_; }
  /// Of a FIFO queue, a new delay also holds for the messages that wait.
  void change_settings(QueueSettings settings, Instant now);

  Instant created;
  Instant modified;
  std::map<std::string, std::string> tags;
  std::optional<Instant> purged;

  /// Takes a new message in. `message.number` is above all others; `delay` in seconds.
  void add(Message message, int delay);
  /// Brings back what the journal has; nothing is logged.
  void restore(Message message);

  void settle(Instant now);

  struct Taken {
    std::vector<std::uint64_t> received;  ///< in order
    std::vector<Message> dead;            ///< received too often: left the queue, wait for another
  };
  /// Receives up to `count`: they are in flight for `visibility` seconds. `receipt` is remembered as theirs.
  /// Without `dead_letters` nothing is received too often: there is nowhere to put it.
  Taken receive(Instant now, std::size_t count, int visibility, std::uint64_t receipt, bool dead_letters);
  /// Takes up to `count` messages out that can be received now, for a move to another queue.
  std::vector<Message> take_out(std::size_t count);

  const Message* find(std::uint64_t number) const;
  void erase(std::uint64_t number);
  /// In flight for `seconds` from now; 0: ready at once. Only what is in flight.
  void change_visibility(std::uint64_t number, int seconds, Instant now);
  void purge();

  std::size_t ready() const noexcept { return messages_.size() - delayed_ - in_flight_; }
  std::size_t delayed() const noexcept { return delayed_; }
  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t size() const noexcept { return messages_.size(); }
  bool can_receive() const noexcept;
  /// When something that waits may be received.
  std::optional<Instant> next_due() const;

 private:
  struct Group {
    std::set<std::uint64_t> messages;
    std::size_t in_flight = 0;
  };

  Message& at(std::uint64_t number) { return messages_.at(number); }
  void index(Message& message);
  void unindex(Message& message);
  void set_state(Message& message, Message::State state, Instant due);
  void open(const std::string& group);
  void close(const std::string& group);
  bool too_often(const Message& message) const;
  Message extract(std::uint64_t number);
  std::uint64_t next_ready() const;

  QueueId id_;
  std::string uid_;
  QueueSettings settings_;
  MessageLog& log_;
  std::unordered_map<std::uint64_t, Message> messages_;
  std::set<std::uint64_t> ready_;                        ///< standard queues
  std::map<std::string, Group, std::less<>> groups_;     ///< FIFO queues
  std::map<std::uint64_t, std::string> open_groups_;     ///< by their first message, which is ready
  std::set<std::pair<Instant, std::uint64_t>> waiting_;  ///< delayed or in flight, by when that ends
  std::set<std::pair<Instant, std::uint64_t>> ages_;     ///< all, by when they were sent
  std::size_t delayed_ = 0;
  std::size_t in_flight_ = 0;
};

}  // namespace aviary::sqs
