#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/waiters.hpp"
#include "services/sqs/core/queues.hpp"
#include "services/sqs/jobs/move_tasks.hpp"

namespace aviary::sqs {

/// Everything that the service takes from outside; all of it outlives the service.
struct SqsDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
};

/// Amazon SQS as the gateway sees it. Owns all state of the service; lives on the loop's thread.
class SqsService final : public TableService<SqsService> {
 public:
  explicit SqsService(SqsDependencies dependencies);
  ~SqsService() override;

  static OperationTable<SqsService> operations();
  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

  // For the rest of the emulator (neighbours.cpp).
  /// Null if there is no such queue now.
  const Queue* find(const QueueId& id);
  Result<Sent> send(const QueueId& id, Draft draft);
  /// Completes when there may be something to receive, or at `until`; false when everything ends.
  Task<bool> wait(QueueId id, Instant until);
  /// What is there now.
  std::vector<Received> receive(const QueueId& id, std::size_t count);
  /// What no longer is there, or is not theirs any more, is passed over.
  void remove(const QueueId& id, const std::vector<std::string>& receipt_handles);
  void change_visibility(const QueueId& id, const std::vector<std::string>& receipt_handles, int seconds);

 private:
  // queues.cpp
  Result<Reply> create_queue(Call& call);
  Result<Reply> delete_queue(Call& call);
  Result<Reply> get_queue_url(Call& call);
  Result<Reply> list_queues(Call& call);
  Result<Reply> list_dead_letter_source_queues(Call& call);
  Result<Reply> get_queue_attributes(Call& call);
  Result<Reply> set_queue_attributes(Call& call);
  Result<Reply> purge_queue(Call& call);
  // tags_and_permissions.cpp
  Result<Reply> tag_queue(Call& call);
  Result<Reply> untag_queue(Call& call);
  Result<Reply> list_queue_tags(Call& call);
  Result<Reply> add_permission(Call& call);
  Result<Reply> remove_permission(Call& call);
  // send.cpp
  Result<Reply> send_message(Call& call);
  Result<Reply> send_message_batch(Call& call);
  // receive.cpp
  Task<Result<Reply>> receive_message(Call call);
  // delete.cpp
  Result<Reply> delete_message(Call& call);
  Result<Reply> delete_message_batch(Call& call);
  Result<Reply> change_message_visibility(Call& call);
  Result<Reply> change_message_visibility_batch(Call& call);
  // message_moves.cpp
  Result<Reply> start_message_move_task(Call& call);
  Result<Reply> cancel_message_move_task(Call& call);
  Result<Reply> list_message_move_tasks(Call& call);

  /// The queue that the call's `QueueUrl` names.
  Result<Queue*> named_queue(const Call& call);

  /// What a receive with a ReceiveRequestAttemptId got, for who did not hear the answer.
  struct Attempt {
    std::vector<std::string> handles;
    Instant until{};
  };
  std::vector<Received> repeat_attempt(Queue& queue, const std::string& key, int visibility);

  Clock& clock_;
  Random& ids_;
  Queues queues_;
  Waiters<QueueId> waiters_;
  MoveTasks moves_;
  std::map<std::string, Attempt> attempts_;
  bool stopping_ = false;
};

}  // namespace aviary::sqs
