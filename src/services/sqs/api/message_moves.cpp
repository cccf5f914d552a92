#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {

Result<Reply> SqsService::start_message_move_task(Call& call) {
  const Result<std::string> source = required_text(call.input, "SourceArn");
  if (!source) return source.error();
  Result<std::string> handle = moves_.start(*source, text_of(call.input, "DestinationArn"),
                                            number_of(call.input, "MaxNumberOfMessagesPerSecond"), call.now);
  if (!handle) return handle.error();
  return Reply{.output = {{"TaskHandle", std::move(*handle)}}};
}

Result<Reply> SqsService::cancel_message_move_task(Call& call) {
  const Result<std::string> handle = required_text(call.input, "TaskHandle");
  if (!handle) return handle.error();
  const Result<std::uint64_t> moved = moves_.cancel(*handle, call.now);
  if (!moved) return moved.error();
  return Reply{.output = {{"ApproximateNumberOfMessagesMoved", *moved}}};
}

Result<Reply> SqsService::list_message_move_tasks(Call& call) {
  const Result<std::string> source = required_text(call.input, "SourceArn");
  if (!source) return source.error();
  const int limit = number_of(call.input, "MaxResults").value_or(1);
  if (limit < 1 || limit > 10)
    return invalid_value_of("MaxResults", std::to_string(limit), "Must be between 1 and 10, if provided.");
  const Result<std::vector<MoveTask>> tasks = moves_.list(*source, call.now);
  if (!tasks) return tasks.error();
  Reply reply;
  for (const MoveTask& task : *tasks) {
    if (reply.output.contains("Results") && reply.output["Results"].size() == static_cast<std::size_t>(limit))
      break;
    Json entry{{"Status", task.status},
               {"SourceArn", task.source},
               {"ApproximateNumberOfMessagesMoved", task.moved},
               {"ApproximateNumberOfMessagesToMove", task.to_move},
               {"StartedTimestamp",
                std::chrono::floor<std::chrono::milliseconds>(task.started).time_since_epoch().count()}};
    if (!task.destination.empty()) entry["DestinationArn"] = task.destination;
    if (task.per_second > 0) entry["MaxNumberOfMessagesPerSecond"] = task.per_second;
    if (!task.failure.empty()) entry["FailureReason"] = task.failure;
    if (task.status == "RUNNING") entry["TaskHandle"] = task.handle();
    reply.output["Results"].push_back(std::move(entry));
  }
  return reply;
}

}  // namespace aviary::sqs
