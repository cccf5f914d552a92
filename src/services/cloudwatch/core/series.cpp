#include "services/cloudwatch/core/series.hpp"

#include <algorithm>

namespace aviary::cloudwatch {

void Series::add_set(EpochSeconds at, Width width, double count, double sum, double min, double max,
                     BucketSink* sink) {
  bucket(floor_to(at, seconds_of(width)), width, sink,
         [&](Aggregate& samples) { samples.add_set(count, sum, min, max); });
}

void Series::merge(const Bucket& other, BucketSink* sink) {
  bucket(other.start, other.width, sink, [&](Aggregate& samples) { samples.merge(other.samples); });
}

EpochSeconds Series::newest() const {
  if (!open_.samples.empty()) return open_.start;
  return chunks_.empty() ? 0 : chunks_.back().last;
}

EpochSeconds Series::oldest() const {
  if (!chunks_.empty()) return chunks_.front().first;
  return open_.samples.empty() ? 0 : open_.start;
}

std::size_t Series::bytes() const noexcept {
  std::size_t total = chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) total += chunk.bytes.capacity() + 16;
  if (open_.samples.bins()) total += open_.samples.bins()->capacity() * sizeof(Aggregate::Bin);
  return total;
}

void Series::seal() {
  if (open_.samples.empty()) return;
  append(open_);
  open_.samples = Aggregate();
}

void Series::append(const Bucket& bucket) {
  if (chunks_.empty() || chunks_.back().buckets >= chunk_buckets) {
    if (!chunks_.empty()) chunks_.back().bytes.shrink_to_fit();
    chunks_.push_back(
        Chunk{.first = bucket.start, .last = bucket.start, .buckets = 0, .finest = Width::Hour, .bytes = {}});
  }
  Chunk& chunk = chunks_.back();
  // Doubling would waste half of what a day of ten thousand functions may take.
  if (chunk.bytes.capacity() - chunk.bytes.size() < 16) chunk.bytes.reserve(chunk.bytes.size() + 64);
  append_bucket(chunk.bytes, bucket, chunk.last);
  chunk.last = bucket.start;
  chunk.finest = std::min(chunk.finest, bucket.width);
  ++chunk.buckets;
}

std::vector<Bucket> Series::unpack(const Chunk& chunk) {
  std::vector<Bucket> buckets;
  buckets.reserve(chunk.buckets + 1);
  std::span<const std::uint8_t> bytes = chunk.bytes;
  EpochSeconds previous = chunk.first;
  while (!bytes.empty()) {
    buckets.push_back(take_bucket(bytes, previous, true));
    previous = buckets.back().start;
  }
  return buckets;
}

Series::Chunk Series::pack(std::span<const Bucket> buckets) {
  Chunk chunk{.first = buckets.front().start,
              .last = buckets.back().start,
              .buckets = static_cast<std::uint32_t>(buckets.size()),
              .finest = Width::Hour,
              .bytes = {}};
  EpochSeconds previous = chunk.first;
  for (const Bucket& bucket : buckets) {
    append_bucket(chunk.bytes, bucket, previous);
    previous = bucket.start;
    chunk.finest = std::min(chunk.finest, bucket.width);
  }
  chunk.bytes.shrink_to_fit();
  return chunk;
}

/// Data that comes late: into its bucket if there is one, else between its neighbours.
void Series::insert(const Bucket& bucket) {
  if (chunks_.empty() || bucket.start > chunks_.back().last) {
    append(bucket);
    return;
  }
  auto chunk = std::ranges::lower_bound(chunks_, bucket.start, {}, &Chunk::last);
  std::vector<Bucket> buckets = unpack(*chunk);
  const auto order = [](const Bucket& a, const Bucket& b) {
    return a.start != b.start ? a.start < b.start : a.width < b.width;
  };
  const auto at = std::lower_bound(buckets.begin(), buckets.end(), bucket, order);
  if (at != buckets.end() && at->start == bucket.start && at->width == bucket.width) {
    at->samples.merge(bucket.samples);
  } else {
    buckets.insert(at, bucket);
  }
  if (buckets.size() > 2 * chunk_buckets) {
    const std::span<const Bucket> all = buckets;
    Chunk second = pack(all.subspan(all.size() / 2));
    *chunk = pack(all.first(all.size() / 2));
    chunks_.insert(chunk + 1, std::move(second));
  } else {
    *chunk = pack(buckets);
  }
}

void Series::compact(EpochSeconds now, const Retention& retention, bool memory_is_short) {
  const auto limit = [&retention](Width width) {
    const EpochSeconds limits[] = {retention.seconds, retention.minutes, retention.five_minutes,
                                   retention.hours};
    return limits[static_cast<int>(width)];
  };
  const auto is_old = [&](const Chunk& chunk) {
    return now - (memory_is_short ? chunk.first : chunk.last) > limit(chunk.finest);
  };
  // What is old comes first; the newest chunk of it that has room takes more.
  auto begin = std::find_if(chunks_.begin(), chunks_.end(), is_old);
  const auto end = std::find_if_not(begin, chunks_.end(), is_old);
  if (begin == end) return;
  if (begin != chunks_.begin() && std::prev(begin)->buckets < chunk_buckets) --begin;
  std::vector<Bucket> kept;
  for (auto chunk = begin; chunk != end; ++chunk) {
    for (Bucket& bucket : unpack(*chunk)) {
      const EpochSeconds age = now - bucket.start;
      if (age > retention.hours) continue;
      while (bucket.width != Width::Hour && age > limit(bucket.width))
        bucket.width = static_cast<Width>(static_cast<int>(bucket.width) + 1);
      bucket.start = floor_to(bucket.start, seconds_of(bucket.width));
      if (!kept.empty() && kept.back().start == bucket.start && kept.back().width == bucket.width) {
        kept.back().samples.merge(bucket.samples);
      } else {
        kept.push_back(std::move(bucket));
      }
    }
  }
  std::vector<Chunk> packed(std::make_move_iterator(chunks_.begin()), std::make_move_iterator(begin));
  const std::span<const Bucket> all = kept;
  for (std::size_t at = 0; at < all.size(); at += chunk_buckets)
    packed.push_back(pack(all.subspan(at, std::min<std::size_t>(chunk_buckets, all.size() - at))));
  packed.insert(packed.end(), std::make_move_iterator(end), std::make_move_iterator(chunks_.end()));
  packed.shrink_to_fit();
  chunks_ = std::move(packed);
}

}  // namespace aviary::cloudwatch
