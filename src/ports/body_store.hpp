#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ports/task.hpp"

namespace aviary {

/// Bytes on disk, written once. While somebody holds the handle they stay; afterwards they may be collected.
struct StoredBody {
  std::string id;  ///< names it in records
  std::uint64_t size;
};
using BodyHandle = std::shared_ptr<const StoredBody>;

/// What S3's objects consist of. Work on disk happens in the worker pool.
class BodyStore {
 public:
  virtual ~BodyStore() = default;

  /// Null if the disk refuses. Durable when it returns, if the store is.
  virtual Task<BodyHandle> write(std::shared_ptr<const std::string> bytes) = 0;
  /// `length` bytes from `offset`; nothing if they cannot be read.
  virtual Task<std::optional<std::string>> read(BodyHandle body, std::uint64_t offset,
                                                std::uint64_t length) = 0;
  /// Finds what an earlier run has written; for reading state back at start. Null if it is not there.
  virtual BodyHandle open(std::string_view id) = 0;
  /// Removes what nobody holds any more. Call when the journal is settled: bytes must outlive the last
  /// durable record that names them.
  virtual Task<> collect() = 0;
  /// Whether `collect` has something to do.
  virtual bool has_dropped() const = 0;
  /// Drops all files that nobody has opened: what a killed server left. Once, after state was read back.
  virtual void sweep() = 0;
};

}  // namespace aviary
