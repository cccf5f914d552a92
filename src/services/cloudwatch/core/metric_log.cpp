#include "services/cloudwatch/core/metric_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

namespace aviary::cloudwatch {
namespace {

constexpr std::string_view data_collection = "cloudwatch.metric_data";
constexpr std::size_t full_record = 64 * 1024;

/// Before each bucket: whose it is, and how many bytes it has.
struct EntryHead {
  std::uint32_t series;
  std::uint32_t size;
};

std::string record_key(std::uint64_t number) { return fmt::format("{:020}", number); }
std::string series_key(std::uint32_t series) { return fmt::format("{:010}", series); }

}  // namespace

MetricLog::MetricLog(Journal& journal)
    : journal_(journal), unawaited_(journal), names_(journal, "cloudwatch.metrics") {}

void MetricLog::introduce(std::uint32_t series, const Scope& scope, std::string_view key,
                          std::string_view unit) {
  if (!durable()) return;
  introduced_ = std::max(introduced_, series);
  names_.save(series_key(series),
              {{"account", scope.account}, {"region", scope.region}, {"key", key}, {"unit", unit}});
}

void MetricLog::add(std::uint32_t series, const Bucket& bucket) {
  if (!durable()) return;
  std::vector<std::uint8_t> bytes;
  append_bucket(bytes, bucket, 0);
  const EntryHead head{series, static_cast<std::uint32_t>(bytes.size())};
  record_.append(reinterpret_cast<const char*>(&head), sizeof head);
  record_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  touch();
  if (record_.size() < full_record) return;
  unawaited_.put(data_collection, record_key(number_++), record_);
  written_ += record_.size();
  record_.clear();
}

void MetricLog::touch() {
  if (std::exchange(pending_, true)) return;
  if (on_pending_) on_pending_();
}

void MetricLog::flush() {
  if (!std::exchange(pending_, false) || record_.empty()) return;
  unawaited_.put(data_collection, record_key(number_), record_);
}

void MetricLog::load(const NameVisitor& visit_name, const BucketVisitor& visit_bucket) {
  names_.load([&](std::string_view key, const Json& record) {
    std::uint32_t series = 0;
    std::from_chars(key.data(), key.data() + key.size(), series);
    introduced_ = std::max(introduced_, series);
    visit_name(series, {{record.at("account").get<std::string>(), record.at("region").get<std::string>()},
                        record.at("key").get<std::string>(),
                        record.at("unit").get<std::string>()});
  });
  bool any = false;
  journal_.load(data_collection, [&](std::string_view key, std::string_view record) {
    std::uint64_t number = 0;
    std::from_chars(key.data(), key.data() + key.size(), number);
    if (!any) first_ = number;
    any = true;
    number_ = number + 1;
    written_ += record.size();
    while (record.size() > sizeof(EntryHead)) {
      EntryHead head;
      std::memcpy(&head, record.data(), sizeof head);
      record.remove_prefix(sizeof head);
      if (head.size > record.size()) return;
      std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(record.data()), head.size);
      visit_bucket(head.series, take_bucket(bytes, 0, true));
      record.remove_prefix(head.size);
    }
  });
}

void MetricLog::begin_anew() {
  for (; first_ <= number_; ++first_) journal_.erase(data_collection, record_key(first_));
  for (std::uint32_t series = 1; series <= introduced_; ++series) names_.erase(series_key(series));
  number_ = first_;
  introduced_ = 0;
  written_ = 0;
  record_.clear();
}

void MetricLog::forget() {
  number_ = first_ = 1;
  introduced_ = 0;
  written_ = 0;
  record_.clear();
  pending_ = false;
}

}  // namespace aviary::cloudwatch
