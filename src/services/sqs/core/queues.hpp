#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/sqs/core/deduplication.hpp"
#include "services/sqs/core/queue.hpp"
#include "services/sqs/core/receipt_handle.hpp"

namespace aviary::sqs {

/// A message that a receiver got, and what it shows to delete it.
struct Received {
  Message message;
  std::string receipt_handle;
};

/// What a sender hears.
struct Sent {
  std::string message_id;
  std::string sequence_number;  ///< FIFO queues only
};

/// All queues with their messages. What it does it writes through the journal. Lives on the loop's thread.
class Queues final : public MessageLog {
 public:
  Queues(Random& ids, Journal& journal);

  Result<Queue*> create(const QueueId& id, const std::map<std::string, std::string>& attributes,
                        const std::map<std::string, std::string>& tags, Instant now);
  /// Null if there is none. Brought to `now`.
  Queue* find(const QueueId& id, Instant now);
  Result<> set_attributes(Queue& queue, const std::map<std::string, std::string>& attributes, Instant now);
  /// Tags, the policy's or the purge's moment were changed in place.
  void save(const Queue& queue);
  void erase(const QueueId& id, Instant now);
  void purge(Queue& queue, Instant now);

  /// Checks a message, and takes it in unless it is a duplicate. `delay`: seconds, nothing: the queue's.
  Result<Sent> send(Queue& queue, Draft draft, std::optional<int> delay, Instant now);
  /// Receives what is there. Messages that were received too often move to the dead-letter queue.
  std::vector<Received> receive(Queue& queue, std::size_t count, int visibility, Instant now);
  Result<> remove(Queue& queue, const std::string& receipt_handle);
  Result<> change_visibility(Queue& queue, const std::string& receipt_handle, int seconds, Instant now);
  /// Puts a message that left a queue into another; on its way to a dead-letter queue it notes where it was.
  void deliver(Queue& target, Message message, Instant now);

  /// Queues that name this one as their dead-letter queue, by name.
  std::vector<const Queue*> sources_of(const Queue& dead_letter) const;
  std::vector<const Queue*> list(const Scope& scope, std::string_view prefix) const;

  /// Called when a queue has got something to receive, or has gone (null).
  using Listener = std::function<void(const QueueId&)>;
  void on_change(Listener listener) { listener_ = std::move(listener); }

  void restore(Instant now);
  void clear();
  std::size_t size() const noexcept { return queues_.size(); }
  std::size_t messages() const;

  // MessageLog
  void saved(const std::string& queue, const Message& message) override;
  void erased(const std::string& queue, std::uint64_t number) override;

 private:
  Result<> check_redrive(const Queue* queue, const QueueId& id, const QueueSettings& settings) const;
  Result<std::uint64_t> message_number(const Queue& queue, const std::string& receipt_handle,
                                       std::uint64_t* receipt) const;
  std::uint64_t next_number(Instant now);
  Queue* find_arn(const std::string& arn);
  void changed(const QueueId& id) const {
    if (listener_) listener_(id);
  }

  Random& ids_;
  std::map<QueueId, std::unique_ptr<Queue>> queues_;
  std::map<QueueId, Instant> deleted_;  ///< within the last minute
  Deduplication deduplication_;
  std::uint64_t last_number_ = 0;
  Records<Json> queue_records_;
  Records<Json> message_records_;
  Journal& journal_;
  Listener listener_;
};

}  // namespace aviary::sqs
