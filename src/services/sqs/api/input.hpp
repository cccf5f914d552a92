#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/service.hpp"
#include "services/sqs/core/errors.hpp"
#include "services/sqs/core/queues.hpp"

/// Reading a decoded document: the service itself says what is missing.
namespace aviary::sqs {

/// Null if the member is absent or null.
const Json* find_member(const Json& input, const char* name);
/// Empty if it is absent.
std::string text_of(const Json& input, const char* name);
std::optional<int> number_of(const Json& input, const char* name);
std::vector<std::string> texts_of(const Json& input, const char* name);
std::map<std::string, std::string> map_of(const Json& input, const char* name);
/// Refuses an absent or empty one.
Result<std::string> required_text(const Json& input, const char* name);

inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }
/// The queue that `QueueUrl` names: `…/123456789012/name`.
Result<QueueId> queue_of(const Call& call);
std::string queue_url(const Call& call, const QueueId& id);

/// Checks the entries of a batch as a whole: how many, and their ids.
Result<const Json*> batch_entries(const Call& call, const char* entry_shape);
/// An entry of `Failed`.
Json failed_entry(const std::string& id, const AwsError& error);

/// What SendMessage takes, also as an entry of a batch.
Result<Draft> read_draft(const Json& input, const std::string& sender);

}  // namespace aviary::sqs
