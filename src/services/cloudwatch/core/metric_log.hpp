#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ports/records.hpp"
#include "ports/unawaited_journal.hpp"
#include "services/cloudwatch/core/bucket_codec.hpp"
#include "services/cloudwatch/core/metric_id.hpp"

namespace aviary::cloudwatch {

/// Metric data in the journal: which series there are, and what each has gathered, as a log of buckets that
/// only grows. What is put here is written by the next `flush`, a record at a time, so that data of any
/// number of metrics costs one write; what came since is lost with the process. Reading it back adds all up
/// again.
///
/// A bucket may come in parts: what came late is a part of its own.
class MetricLog {
 public:
  struct Name {
    Scope scope;
    std::string key;  ///< of the metric
    std::string unit;
  };

  explicit MetricLog(Journal& journal);

  bool durable() const noexcept { return journal_.durable(); }
  /// A series from now on has that number.
  void introduce(std::uint32_t series, const Scope& scope, std::string_view key, std::string_view unit);
  void add(std::uint32_t series, const Bucket& bucket);
  void flush();
  /// Whether there is something to write. `on_pending` is called when that becomes so.
  bool pending() const noexcept { return pending_; }
  void on_pending(std::function<void()> callback) { on_pending_ = std::move(callback); }

  using NameVisitor = std::function<void(std::uint32_t series, const Name& name)>;
  using BucketVisitor = std::function<void(std::uint32_t series, const Bucket& bucket)>;
  /// All names, then all buckets.
  void load(const NameVisitor& visit_name, const BucketVisitor& visit_bucket);

  /// Bytes of all records.
  std::size_t bytes() const noexcept { return written_ + record_.size(); }
  /// Forgets what is written: whoever calls it introduces and adds all anew.
  void begin_anew();
  /// The journal has been cleared.
  void forget();

 private:
  void touch();

  Journal& journal_;
  UnawaitedWrites unawaited_;
  Records<Json> names_;
  std::string record_;        ///< the last one: grows until it is full
  std::uint64_t number_ = 1;  ///< of the last record
  std::uint64_t first_ = 1;   ///< of the first one that is there
  std::uint32_t introduced_ = 0;
  std::size_t written_ = 0;  ///< bytes of those before it
  bool pending_ = false;
  std::function<void()> on_pending_;
};

}  // namespace aviary::cloudwatch
