#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

/// What event source mappings want of streams, wherever these are. The composition root ties them together.
namespace aviary::lambda {

struct StreamShard {
  std::string id;
  std::vector<std::string> parents{};
  bool open = true;
};

/// A place in a shard: where reading begins, or how far it has come.
struct StreamPosition {
  enum class Kind : std::uint8_t { TrimHorizon, Latest, AtTimestamp, After };
  Kind kind = Kind::TrimHorizon;
  std::string sequence_number{};  ///< of the last record that is done with, for `After`
  Instant timestamp{};            ///< for `AtTimestamp`
  bool operator==(const StreamPosition&) const = default;
};

struct StreamRecord {
  std::string sequence_number;
  std::string partition_key;  ///< records of one key stay in order
  Instant arrived{};
  /// As the function gets it: `kinesis` or `dynamodb`, `eventID`, … An `invokeIdentityArn` that is there is
  /// filled in.
  OrderedJson event;

  // The poller's own.
  std::uint64_t ordinal = 0;  ///< its place among those that were read
  std::size_t bytes = 0;      ///< of its event
};

/// What one look at a shard found.
struct StreamPage {
  std::vector<StreamRecord> records{};
  bool more = false;                     ///< there is more at once
  bool ended = false;                    ///< the shard is closed, and this was all of it
  bool missing = false;                  ///< there is no such stream or shard
  std::string problem{};                 ///< why it could not be read, for humans; else empty
  std::optional<StreamPosition> next{};  ///< where to go on when there was no record
};

struct StreamListing {
  bool exists = false;
  std::vector<StreamShard> shards{};
  std::string problem{};
};

/// Streams, by their ARN. Lives on the loop's thread.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Whether this source is the one to ask for the ARN.
  virtual bool has(std::string_view arn) const = 0;
  virtual Task<StreamListing> list(std::string arn) = 0;
  virtual Task<StreamPage> read(std::string arn, std::string shard, StreamPosition from,
                                std::size_t count) = 0;
  /// Completes when the stream may have something new, or at `until`. False: everything ends.
  virtual Task<bool> wait(std::string arn, Instant until) = 0;
};

}  // namespace aviary::lambda
