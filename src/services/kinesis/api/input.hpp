#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/document.hpp"
#include "gateway/service.hpp"
#include "services/kinesis/core/errors.hpp"
#include "services/kinesis/core/streams.hpp"

/// Reading a decoded document.
namespace aviary::kinesis {

inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }
std::optional<int> number_of(const Json& input, const char* name);
std::map<std::string, std::string> map_of(const Json& input, const char* name);
/// Timestamps travel as seconds since the epoch.
std::optional<Instant> instant_of(const Json& input, const char* name);
double epoch_seconds(Instant at);

/// The stream that `StreamName` or `StreamARN` names; which of the two is the caller's choice.
Result<StreamId> stream_of(const Call& call);

/// Where a list of pages goes on: sealed with when it was made, for it holds five minutes.
std::string page_token(std::string_view after, std::string_view of, Instant now);
/// What `NextToken` holds; empty if the call has none.
struct PageToken {
  std::string after;
  std::string of;  ///< ARN of the stream
};
Result<PageToken> page_token_of(const Call& call);

/// A shard as clients see it.
Json shard_json(const Shard& shard);
Json range_json(const HashRange& range);
/// The children of a shard, as its last readers hear of them.
Json children_json(const Stream& stream, const Shard& shard);
/// A record; its `Data` are raw bytes.
Json record_json(const Shard& shard, const Record& record);

}  // namespace aviary::kinesis
