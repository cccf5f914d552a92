#include "services/cloudwatch/core/series.hpp"

#include <algorithm>

namespace aviary::cloudwatch {

void Series::add_set(EpochSeconds at, Width width, double count, double sum, double min, double max) {
  bucket(floor_to(at, seconds_of(width)), width,
         [&](Aggregate& samples) { samples.add_set(count, sum, min, max); });
}

void Series::merge(const Bucket& other) {
  bucket(other.start, other.width, [&](Aggregate& samples) { samples.merge(other.samples); });
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
    chunks_.push_back(Chunk{.first = bucket.start, .last = bucket.start, .buckets = 0, .bytes = {}});
  }
  Chunk& chunk = chunks_.back();
  // Doubling would waste half of what a day of ten thousand functions may take.
  if (chunk.bytes.capacity() - chunk.bytes.size() < 16) chunk.bytes.reserve(chunk.bytes.size() + 64);
  append_bucket(chunk.bytes, bucket, chunk.last);
  chunk.last = bucket.start;
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
              .bytes = {}};
  EpochSeconds previous = chunk.first;
  for (const Bucket& bucket : buckets) {
    append_bucket(chunk.bytes, bucket, previous);
    previous = bucket.start;
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

void Series::compact(EpochSeconds now, const Retention& retention) {
  const auto wanted_width = [&](const Bucket& bucket) {
    const EpochSeconds age = now - bucket.start;
    Width width = bucket.width;
    if (width == Width::Second && age > retention.seconds) width = Width::Minute;
    if (width == Width::Minute && age > retention.minutes) width = Width::FiveMinutes;
    if (width == Width::FiveMinutes && age > retention.five_minutes) width = Width::Hour;
    return width;
  };
  std::vector<Bucket> kept;
  bool changed = false;
  for (const Chunk& chunk : chunks_) {
    for (Bucket& bucket : unpack(chunk)) {
      if (now - bucket.start > retention.hours) {
        changed = true;
        continue;
      }
      const Width width = wanted_width(bucket);
      if (width != bucket.width) {
        changed = true;
        bucket.width = width;
        bucket.start = floor_to(bucket.start, seconds_of(width));
      }
      if (!kept.empty() && kept.back().start == bucket.start && kept.back().width == bucket.width) {
        kept.back().samples.merge(bucket.samples);
      } else {
        kept.push_back(std::move(bucket));
      }
    }
  }
  if (!changed) return;
  std::vector<Chunk> packed;
  const std::span<const Bucket> all = kept;
  for (std::size_t at = 0; at < all.size(); at += chunk_buckets)
    packed.push_back(pack(all.subspan(at, std::min<std::size_t>(chunk_buckets, all.size() - at))));
  packed.shrink_to_fit();
  chunks_ = std::move(packed);
}

}  // namespace aviary::cloudwatch
