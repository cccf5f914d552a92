#pragma once

#include <cstdint>
#include <functional>
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

/// A body on its way to disk, piece by piece. What is not finished goes when it is collected.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns when all that came before is written: while one piece goes to disk, the next may be fetched.
  /// False if the disk refuses; then nothing more is written.
  virtual Task<bool> append(std::string piece) = 0;
  /// With what comes last, perhaps nothing. Null if the disk refuses. Durable when it returns, if the store
  /// is.
  virtual Task<BodyHandle> finish(std::string last) = 0;
  /// Waits for what is under way. Before a writer that is not finished goes, so that all of it can be
  /// collected.
  virtual Task<> settle() = 0;
};

/// What S3's objects consist of. Work on disk happens in the worker pool.
class BodyStore {
 public:
  virtual ~BodyStore() = default;

  /// Sees all pieces in their order, on the worker that writes them: for digests. Done with when `finish` or
  /// `settle` has returned.
  using Watch = std::function<void(std::string_view)>;
  /// Nothing is on disk before the first piece.
  virtual std::unique_ptr<BodyWriter> begin(Watch watch) = 0;
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
