#include "services/sqs/api/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/sqs.hpp"

namespace aviary::sqs {

namespace rows = models::sqs::errors;

const Json* find_member(const Json& input, const char* name) {
  const auto found = input.find(name);
  return found == input.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<int> number_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && member->is_number() ? std::optional(member->get<int>()) : std::nullopt;
}

std::vector<std::string> texts_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? member->get<std::vector<std::string>>() : std::vector<std::string>();
}

std::map<std::string, std::string> map_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? member->get<std::map<std::string, std::string>>() : std::map<std::string, std::string>();
}

Result<std::string> required_text(const Json& input, const char* name) {
  std::string text = text_of(input, name);
  if (text.empty()) return missing_parameter(name);
  return text;
}

namespace {

/// A queue's URL is where requests about it may go, and then needs no parameter:
/// `POST /123456789012/orders`, `Action=SendMessage&MessageBody=…`.
std::string url_of_request(const Call& call) {
  if (call.http == nullptr) return {};
  std::string path(call.http->path());
  while (path.ends_with('/')) path.pop_back();
  const std::size_t name = path.rfind('/');
  if (name == std::string::npos || name < 13 || path[name - 13] != '/') return {};
  const std::string_view account = std::string_view(path).substr(name - 12, 12);
  const bool digits = account.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? call.base_url + path : std::string();
}

}  // namespace

Result<QueueId> queue_of(const Call& call) {
  Result<std::string> url = required_text(call.input, "QueueUrl");
  if (!url)
    if (std::string own = url_of_request(call); !own.empty()) url = std::move(own);
  if (!url) return url.error();
  const std::size_t name = url->rfind('/');
  const std::size_t account = name == std::string::npos || name == 0 ? name : url->rfind('/', name - 1);
  if (account == std::string::npos || account == 0 || name + 1 == url->size())
    return AwsError(rows::InvalidAddress,
                    fmt::format("The address {} is not valid for this endpoint.", *url));
  return QueueId{.scope = {.account = url->substr(account + 1, name - account - 1), .region = call.region},
                 .name = url->substr(name + 1)};
}

std::string queue_url(const Call& call, const QueueId& id) {
  return fmt::format("{}/{}/{}", call.base_url, id.scope.account, id.name);
}

Result<const Json*> batch_entries(const Call& call, const char* entry_shape) {
  constexpr std::size_t entries_at_most = 10;
  const Json* entries = find_member(call.input, "Entries");
  if (entries == nullptr || entries->empty())
    return AwsError(rows::EmptyBatchRequest,
                    fmt::format("There should be at least one {} in the request.", entry_shape));
  if (entries->size() > entries_at_most)
    return AwsError(rows::TooManyEntriesInBatchRequest,
                    fmt::format("Maximum number of entries per request are {}. You have sent {}.",
                                entries_at_most, entries->size()));
  std::set<std::string> ids;
  for (const Json& entry : *entries) {
    const std::string id = text_of(entry, "Id");
    const bool valid = !id.empty() && id.size() <= 80 && std::ranges::all_of(id, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (!valid)
      return AwsError(
          rows::InvalidBatchEntryId,
          "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It "
          "can be at most 80 letters long.");
    if (!ids.insert(id).second)
      return AwsError(rows::BatchEntryIdsNotDistinct, fmt::format("Id {} repeated.", id));
  }
  return entries;
}

Json failed_entry(const std::string& id, const AwsError& error) {
  const ErrorShape& shape = *error.shape;
  return {{"Id", id},
          {"SenderFault", shape.fault == Fault::Sender},
          {"Code", shape.query_code.empty() ? shape.code : shape.query_code},
          {"Message", error.message}};
}

Result<Draft> read_draft(const Json& input, const std::string& sender) {
  Draft draft{.body = text_of(input, "MessageBody"),
              .sender = sender,
              .group = text_of(input, "MessageGroupId"),
              .deduplication_id = text_of(input, "MessageDeduplicationId")};
  if (draft.body.empty()) return missing_parameter("MessageBody");
  if (const Json* given = find_member(input, "MessageAttributes")) {
    Result<MessageAttributes> attributes = read_message_attributes(*given);
    if (!attributes) return attributes.error();
    draft.attributes = std::move(*attributes);
  }
  if (const Json* given = find_member(input, "MessageSystemAttributes")) {
    for (const auto& [name, value] : given->items()) {
      if (name != "AWSTraceHeader")
        return invalid_parameter(fmt::format("Message system attribute name '{}' is invalid.", name));
      if (text_of(value, "DataType") != "String")
        return invalid_parameter("The data type of 'AWSTraceHeader' must be 'String'.");
      draft.trace_header = text_of(value, "StringValue");
    }
  }
  return draft;
}

}  // namespace aviary::sqs
