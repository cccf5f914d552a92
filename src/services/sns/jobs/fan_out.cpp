#include "services/sns/jobs/fan_out.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/log.hpp"

namespace aviary::sns {
namespace {

// SNS's default policy for HTTP: three more times, twenty seconds apart.
constexpr int retries_at_most = 3;
constexpr Duration pause = std::chrono::seconds(20);

std::string parcel_key(std::uint64_t number) { return fmt::format("{:020}", number); }

}  // namespace

FanOut::FanOut(Clock& clock, Journal& journal, Subscribers* subscribers)
    : clock_(clock),
      subscribers_(subscribers),
      records_(journal, "sns.parcels"),
      alive_(std::make_shared<bool>(true)) {}

FanOut::~FanOut() { stop(); }

void FanOut::send(Parcel parcel, std::string dead_letters) {
  if (subscribers_ == nullptr) return;
  const std::uint64_t number = ++last_;
  UnderWay& placed = parcels_[number];
  placed.parcel = std::move(parcel);
  placed.dead_letters = std::move(dead_letters);
  attempt(number);
  if (const auto still = parcels_.find(number); still != parcels_.end()) save(number, still->second);
}

void FanOut::attempt(std::uint64_t number) {
  const auto found = parcels_.find(number);
  if (found == parcels_.end()) return;
  found->second.timer = 0;
  subscribers_->hand_over(found->second.parcel,
                          [this, number, alive = std::weak_ptr<bool>(alive_)](const Arrival& arrival) {
                            if (const auto still = alive.lock(); still && *still) settle(number, arrival);
                          });
}

void FanOut::settle(std::uint64_t number, const Arrival& arrival) {
  const auto found = parcels_.find(number);
  if (found == parcels_.end()) return;
  UnderWay& parcel = found->second;
  if (!arrival.arrived && arrival.worth_another_try && parcel.retries < retries_at_most) {
    ++parcel.retries;
    parcel.timer = clock_.call_at(clock_.now() + pause, [this, number] { attempt(number); });
    save(number, parcel);
    return;
  }
  UnderWay ended = std::move(parcel);
  parcels_.erase(found);
  records_.erase(parcel_key(number));
  if (arrival.arrived) return;
  if (ended.dead_letters.empty()) {
    log::warn("a topic's message did not reach {}: {}", ended.parcel.endpoint, arrival.problem);
    return;
  }
  ended.parcel.protocol = "sqs";
  ended.parcel.endpoint = std::exchange(ended.dead_letters, {});
  send(std::move(ended.parcel), {});
}

void FanOut::save(std::uint64_t number, const UnderWay& under_way) {
  const Parcel& parcel = under_way.parcel;
  Json record{{"account", parcel.sender.account},
              {"region", parcel.sender.region},
              {"protocol", parcel.protocol},
              {"endpoint", parcel.endpoint},
              {"body", parcel.body},
              {"group", parcel.group},
              {"dedup", parcel.deduplication_id},
              {"headers", parcel.headers},
              {"dead", under_way.dead_letters},
              {"retries", under_way.retries}};
  for (const auto& [name, attribute] : parcel.attributes)
    record["attributes"][name] = {attribute.data_type, base64_encode(attribute.value)};
  records_.save(parcel_key(number), record);
}

void FanOut::restore() {
  records_.load([this](std::string_view key, const Json& record) {
    const std::uint64_t number = std::stoull(std::string(key));
    last_ = std::max(last_, number);
    UnderWay& placed = parcels_[number];
    placed.parcel = {.sender = {record.at("account"), record.at("region")},
                     .protocol = record.at("protocol"),
                     .endpoint = record.at("endpoint"),
                     .body = record.at("body"),
                     .group = record.at("group"),
                     .deduplication_id = record.at("dedup"),
                     .headers = record.at("headers")};
    placed.dead_letters = record.at("dead");
    placed.retries = record.at("retries");
    if (record.contains("attributes"))
      for (const auto& [name, pair] : record.at("attributes").items())
        placed.parcel.attributes[name] = {.data_type = pair.at(0),
                                          .value = base64_decode(pair.at(1).get<std::string>()).value_or("")};
    placed.timer = clock_.call_at(clock_.now(), [this, number] { attempt(number); });
  });
}

void FanOut::clear() {
  for (const auto& [number, parcel] : parcels_)
    if (parcel.timer != 0) clock_.cancel(parcel.timer);
  parcels_.clear();
}

void FanOut::stop() {
  *alive_ = false;
  clear();
}

}  // namespace aviary::sns
