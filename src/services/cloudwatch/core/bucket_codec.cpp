#include "services/cloudwatch/core/bucket_codec.hpp"

#include <cmath>
#include <cstring>

namespace aviary::cloudwatch {
namespace {

enum Flag : std::uint8_t {
  width_mask = 0x03,
  single = 0x04,      ///< all samples have one value
  two_values = 0x08,  ///< each sample is the minimum or the maximum
  binned = 0x10,
  lost = 0x20,      ///< no distribution
  adjacent = 0x40,  ///< starts one width after the bucket before
};

void put(std::vector<std::uint8_t>& bytes, std::uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<std::uint8_t>(value));
}

std::uint64_t take(std::span<const std::uint8_t>& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Whole numbers are short, everything else is its eight bytes after a 1.
void put_number(std::vector<std::uint8_t>& bytes, double number) {
  if (number >= 0 && number < 0x1p52 && number == std::floor(number) && !std::signbit(number)) {
    put(bytes, static_cast<std::uint64_t>(number) << 1);
    return;
  }
  bytes.push_back(1);
  std::uint8_t raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.insert(bytes.end(), raw, raw + sizeof number);
}

double take_number(std::span<const std::uint8_t>& bytes) {
  if (bytes.front() == 1) {
    double number;
    std::memcpy(&number, bytes.data() + 1, sizeof number);
    bytes = bytes.subspan(1 + sizeof number);
    return number;
  }
  return static_cast<double>(take(bytes) >> 1);
}

}  // namespace

void append_bucket(std::vector<std::uint8_t>& bytes, const Bucket& bucket, EpochSeconds previous_start) {
  const Aggregate& a = bucket.samples;
  const EpochSeconds width = seconds_of(bucket.width);
  auto flags = static_cast<std::uint8_t>(bucket.width);
  const bool next = bucket.start == previous_start + width;
  if (next) flags |= adjacent;
  if (!a.has_distribution())
    flags |= lost;
  else if (a.bins())
    flags |= binned;
  else if (a.min() != a.max())
    flags |= two_values;
  else if (a.sum() == a.count() * a.min())
    flags |= single;
  bytes.push_back(flags);
  if (!next) put(bytes, zigzag(bucket.start - previous_start));
  put_number(bytes, a.count());
  put_number(bytes, a.min());
  if (flags & single) return;
  put_number(bytes, a.max());
  put_number(bytes, a.sum());
  if (!(flags & binned)) return;
  put(bytes, a.bins()->size());
  std::int64_t key = 0;
  for (const Aggregate::Bin& bin : *a.bins()) {
    put(bytes, zigzag(bin.key - key));
    put_number(bytes, bin.count);
    key = bin.key;
  }
}

Bucket take_bucket(std::span<const std::uint8_t>& bytes, EpochSeconds previous_start, bool want_bins) {
  const std::uint8_t flags = bytes.front();
  bytes = bytes.subspan(1);
  Bucket bucket;
  bucket.width = static_cast<Width>(flags & width_mask);
  bucket.start = previous_start + (flags & adjacent ? seconds_of(bucket.width) : unzigzag(take(bytes)));
  const double count = take_number(bytes);
  const double min = take_number(bytes);
  double max = min;
  double sum = count * min;
  std::unique_ptr<std::vector<Aggregate::Bin>> bins;
  if (!(flags & single)) {
    max = take_number(bytes);
    sum = take_number(bytes);
  }
  if (flags & binned) {
    const std::uint64_t size = take(bytes);
    if (want_bins) {
      bins = std::make_unique<std::vector<Aggregate::Bin>>();
      bins->reserve(size);
    }
    std::int64_t key = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      key += unzigzag(take(bytes));
      const double of_bin = take_number(bytes);
      if (want_bins) bins->push_back({static_cast<std::int32_t>(key), of_bin});
    }
  }
  const bool unknown = (flags & lost) != 0 || ((flags & binned) != 0 && !want_bins);
  bucket.samples = Aggregate::restored(count, sum, min, max, unknown, std::move(bins));
  return bucket;
}

}  // namespace aviary::cloudwatch
