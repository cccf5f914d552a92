#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "services/cloudwatch/core/bucket_codec.hpp"

namespace aviary::cloudwatch {

/// How long data keeps which resolution; what is older is rolled up into the next coarser one, and what is
/// older than the last is gone.
struct Retention {
  EpochSeconds seconds = 3 * 3600;
  EpochSeconds minutes = 15 * 86400;
  EpochSeconds five_minutes = 63 * 86400;
  EpochSeconds hours = 455 * 86400;
};

/// Hears of samples when they are packed: a bucket that is over, or what came late for one.
class BucketSink {
 public:
  virtual ~BucketSink() = default;
  virtual void on_bucket(const Bucket& bucket) = 0;
};

/// One metric in one unit over time. The newest bucket is open and takes samples at once; older ones are
/// packed, some sixty together.
class Series {
 public:
  /// Samples of the open bucket, the normal case, take some 10 ns. An older or a newer one takes longer:
  /// packing, or unpacking and packing again. True if bytes were packed (the owner looks at its budget).
  bool add(EpochSeconds at, Width width, double value, double count = 1, BucketSink* sink = nullptr) {
    const EpochSeconds start = floor_to(at, seconds_of(width));
    if (start == open_.start && width == open_.width && !open_.samples.empty()) {
      open_.samples.add(value, count);
      return false;
    }
    bucket(start, width, sink, [&](Aggregate& samples) { samples.add(value, count); });
    return true;
  }
  void add_set(EpochSeconds at, Width width, double count, double sum, double min, double max,
               BucketSink* sink = nullptr);
  /// The open bucket takes no more; what comes for the same stretch opens another.
  void seal();
  /// Tells of the open bucket as if it were over.
  void tell_open(BucketSink& sink) const {
    if (!open_.samples.empty()) sink.on_bucket(open_);
  }
  void merge(const Bucket& other, BucketSink* sink = nullptr);

  /// Every bucket that starts in [from, until), in order: `visit(const Bucket&)`.
  template <class Visit>
  void read(EpochSeconds from, EpochSeconds until, bool want_distribution, Visit visit) const {
    for (auto at = first_reaching(from); at != chunks_.end() && at->first < until; ++at) {
      const Chunk& chunk = *at;
      std::span<const std::uint8_t> bytes = chunk.bytes;
      EpochSeconds previous = chunk.first;
      while (!bytes.empty()) {
        const Bucket bucket = take_bucket(bytes, previous, want_distribution);
        previous = bucket.start;
        if (bucket.start >= until) break;
        if (bucket.start >= from) visit(bucket);
      }
    }
    if (!open_.samples.empty() && open_.start >= from && open_.start < until) visit(open_);
  }

  /// Every bucket but the open one, in order: `visit(const Bucket&)`.
  template <class Visit>
  void read_packed(Visit visit) const {
    for (const Chunk& chunk : chunks_)
      for (const Bucket& bucket : unpack(chunk)) visit(bucket);
  }

  /// Every sixty buckets or so: a good moment to look after what is old.
  bool chunk_is_full() const noexcept { return !chunks_.empty() && chunks_.back().buckets == chunk_buckets; }
  /// Rolls up and forgets by age. Chunks are left alone while they are young; if memory is short also those
  /// are taken apart that are old only in part.
  void compact(EpochSeconds now, const Retention& retention, bool memory_is_short);
  bool empty() const noexcept { return chunks_.empty() && open_.samples.empty(); }
  /// The start of the newest bucket; 0 if there is none.
  EpochSeconds newest() const;
  EpochSeconds oldest() const;
  /// Memory beyond `sizeof(Series)`, in bytes.
  std::size_t bytes() const noexcept;

 private:
  struct Chunk {
    EpochSeconds first;  ///< where the first bucket starts
    EpochSeconds last;   ///< where the last one starts
    std::uint32_t buckets = 0;
    Width finest = Width::Hour;
    std::vector<std::uint8_t> bytes;
  };
  static constexpr std::uint32_t chunk_buckets = 64;

  template <class Change>
  void bucket(EpochSeconds start, Width width, BucketSink* sink, Change change) {
    const bool opens =
        open_.samples.empty() ? chunks_.empty() || start >= chunks_.back().last : start > open_.start;
    if (opens) {
      if (sink) tell_open(*sink);
      seal();
      open_.start = start;
      open_.width = width;
      open_.samples = Aggregate();
      change(open_.samples);
      return;
    }
    if (!open_.samples.empty() && start == open_.start && width == open_.width) {
      change(open_.samples);
      return;
    }
    Bucket late{.start = start, .width = width, .samples = {}};
    change(late.samples);
    if (sink) sink->on_bucket(late);
    insert(late);
  }

  std::vector<Chunk>::const_iterator first_reaching(EpochSeconds from) const {
    return std::partition_point(chunks_.begin(), chunks_.end(),
                                [from](const Chunk& chunk) { return chunk.last < from; });
  }
  void append(const Bucket& bucket);
  void insert(const Bucket& bucket);
  static std::vector<Bucket> unpack(const Chunk& chunk);
  static Chunk pack(std::span<const Bucket> buckets);

  std::vector<Chunk> chunks_;  ///< in order, not overlapping
  Bucket open_;
};

}  // namespace aviary::cloudwatch
