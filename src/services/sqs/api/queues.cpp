#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/sqs.hpp"
#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {
namespace {

constexpr Duration purge_pause = std::chrono::seconds(60);

std::string seconds_text(Instant at) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

/// Writes the names of one page, and where the next one begins.
Result<> write_page(Reply& reply, const char* member, const Call& call,
                    const std::vector<const Queue*>& queues) {
  const std::optional<int> limit = number_of(call.input, "MaxResults");
  const std::string token = text_of(call.input, "NextToken");
  if (limit && (*limit < 1 || *limit > 1000))
    return invalid_value_of("MaxResults", std::to_string(*limit), "Must be between 1 and 1000, if provided.");
  std::string after;
  if (!token.empty()) {
    const std::optional<std::string> plain = base64_decode(token);
    if (!plain || !plain->starts_with("after:"))
      return invalid_value_of("NextToken", token, "Invalid or expired token.");
    after = plain->substr(6);
  }
  Json urls = Json::array();
  const std::size_t most = static_cast<std::size_t>(limit.value_or(1000));
  for (const Queue* queue : queues) {
    if (!after.empty() && queue->id().name <= after) continue;
    if (urls.size() == most) {
      // Without MaxResults there are no pages: AWS answers the first thousand.
      if (limit) reply.output["NextToken"] = base64_encode("after:" + after);
      break;
    }
    urls.push_back(queue_url(call, queue->id()));
    if (urls.size() == most) after = queue->id().name;
  }
  if (!urls.empty() || std::string_view(member) == "queueUrls") reply.output[member] = std::move(urls);
  return {};
}

}  // namespace

Result<Reply> SqsService::create_queue(Call& call) {
  const Result<std::string> name = required_text(call.input, "QueueName");
  if (!name) return name.error();
  const QueueId id{.scope = scope_of(call), .name = *name};
  const Result<Queue*> queue =
      queues_.create(id, map_of(call.input, "Attributes"), map_of(call.input, "tags"), call.now);
  if (!queue) return queue.error();
  return Reply{.output = {{"QueueUrl", queue_url(call, id)}}};
}

Result<Reply> SqsService::delete_queue(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const QueueId id = (*queue)->id();
  queues_.erase(id, call.now);
  return Reply{};
}

Result<Reply> SqsService::get_queue_url(Call& call) {
  const Result<std::string> name = required_text(call.input, "QueueName");
  if (!name) return name.error();
  QueueId id{.scope = scope_of(call), .name = *name};
  const std::string owner = text_of(call.input, "QueueOwnerAWSAccountId");
  if (!owner.empty()) id.scope.account = owner;
  if (queues_.find(id, call.now) == nullptr) return no_such_queue();
  return Reply{.output = {{"QueueUrl", queue_url(call, id)}}};
}

Result<Reply> SqsService::list_queues(Call& call) {
  Reply reply;
  const Result<> written = write_page(reply, "QueueUrls", call,
                                      queues_.list(scope_of(call), text_of(call.input, "QueueNamePrefix")));
  if (!written) return written.error();
  return reply;
}

Result<Reply> SqsService::list_dead_letter_source_queues(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  Reply reply;
  const Result<> written = write_page(reply, "queueUrls", call, queues_.sources_of(**queue));
  if (!written) return written.error();
  return reply;
}

Result<Reply> SqsService::get_queue_attributes(Call& call) {
  const Result<Queue*> found = named_queue(call);
  if (!found) return found.error();
  const Queue& queue = **found;
  const std::vector<std::string> names = texts_of(call.input, "AttributeNames");
  for (const std::string& name : names)
    if (!is_attribute_name(name)) return unknown_attribute(name);
  std::map<std::string, std::string> all = rendered(queue.settings());
  all["QueueArn"] = queue.arn();
  all["ApproximateNumberOfMessages"] = std::to_string(queue.ready());
  all["ApproximateNumberOfMessagesNotVisible"] = std::to_string(queue.in_flight());
  all["ApproximateNumberOfMessagesDelayed"] = std::to_string(queue.delayed());
  all["CreatedTimestamp"] = seconds_text(queue.created);
  all["LastModifiedTimestamp"] = seconds_text(queue.modified);
  const bool everything = std::ranges::find(names, "All") != names.end();
  Reply reply;
  for (const auto& [name, value] : all)
    if (everything || std::ranges::find(names, name) != names.end()) reply.output["Attributes"][name] = value;
  return reply;
}

Result<Reply> SqsService::set_queue_attributes(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const std::map<std::string, std::string> attributes = map_of(call.input, "Attributes");
  if (attributes.empty()) return missing_parameter("Attribute.Name");
  const Result<> done = queues_.set_attributes(**queue, attributes, call.now);
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SqsService::purge_queue(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  if ((*queue)->purged && call.now < *(*queue)->purged + purge_pause)
    return AwsError(
        models::sqs::errors::PurgeQueueInProgress,
        fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.", (*queue)->id().name));
  queues_.purge(**queue, call.now);
  return Reply{};
}

}  // namespace aviary::sqs
