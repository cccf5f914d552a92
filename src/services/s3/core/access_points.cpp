#include "services/s3/core/access_points.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary::s3 {
namespace {

constexpr std::string_view alias_end = "-s3alias";
constexpr std::size_t alias_chance = 34;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string record_key(const AccessPoint& point) {
  return fmt::format("{}/{}/{}", point.account, point.region, point.name);
}

Json record_of(const AccessPoint& point) {
  return {{"account", point.account},
          {"region", point.region},
          {"name", point.name},
          {"bucket", point.bucket},
          {"bucket_account", point.bucket_account},
          {"alias", point.alias},
          {"vpc", point.vpc},
          {"policy", point.policy},
          {"created", point.created.time_since_epoch().count()},
          {"public_access", point.public_access},
          {"tags", point.tags}};
}

AccessPoint point_from(const Json& record) {
  AccessPoint point;
  record.at("account").get_to(point.account);
  record.at("region").get_to(point.region);
  record.at("name").get_to(point.name);
  record.at("bucket").get_to(point.bucket);
  record.at("bucket_account").get_to(point.bucket_account);
  record.at("alias").get_to(point.alias);
  record.at("vpc").get_to(point.vpc);
  record.at("policy").get_to(point.policy);
  point.created = Instant(Duration(record.at("created").get<std::int64_t>()));
  point.public_access = record.at("public_access");
  record.at("tags").get_to(point.tags);
  return point;
}

AccessPoints::Key key_of(const AccessPoint& point) { return {point.account, point.region, point.name}; }

/// `arn:aws:s3:us-east-1:123456789012:accesspoint/name`, also with a colon before the name.
std::optional<AccessPoints::Key> key_in_arn(std::string_view arn) {
  std::string_view fields[6];
  for (int i = 0; i < 5; ++i) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    fields[i] = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
  }
  constexpr std::string_view kind = "accesspoint";
  if (fields[0] != "arn" || fields[2] != "s3" || !arn.starts_with(kind) || arn.size() == kind.size())
    return std::nullopt;
  arn.remove_prefix(kind.size());
  if (arn.front() != '/' && arn.front() != ':') return std::nullopt;
  return AccessPoints::Key{std::string(fields[4]), std::string(fields[3]), std::string(arn.substr(1))};
}

}  // namespace

std::string AccessPoint::arn() const {
  return fmt::format("arn:aws:s3:{}:{}:accesspoint/{}", region, account, name);
}

AccessPoints::AccessPoints(Journal& journal, Random& ids)
    : ids_(ids), point_records_(journal, "s3_access_points"), account_records_(journal, "s3_accounts") {}

AccessPoint* AccessPoints::find(const std::string& account, const std::string& region,
                                const std::string& name) {
  const auto found = points_.find({account, region, name});
  return found != points_.end() ? &found->second : nullptr;
}

const AccessPoint* AccessPoints::named(std::string_view text, const std::string& region) const {
  std::optional<Key> key;
  if (text.starts_with("arn:")) {
    key = key_in_arn(text);
  } else if (text.ends_with(alias_end)) {
    const auto found =
        std::ranges::find_if(points_, [&](const auto& each) { return each.second.alias == text; });
    return found != points_.end() ? &found->second : nullptr;
  } else if (const std::size_t hyphen = text.rfind('-');
             hyphen != std::string_view::npos && text.size() - hyphen == 13 &&
             std::ranges::all_of(text.substr(hyphen + 1), is_digit)) {
    key = Key{std::string(text.substr(hyphen + 1)), region, std::string(text.substr(0, hyphen))};
  }
  if (!key) return nullptr;
  const auto found = points_.find(*key);
  return found != points_.end() ? &found->second : nullptr;
}

AccessPoint& AccessPoints::add(AccessPoint point) {
  static constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz0123456789";
  point.alias = point.name.substr(0, 20) + '-';
  for (std::size_t i = 0; i < alias_chance; ++i) point.alias += characters[ids_.next() % characters.size()];
  point.alias += alias_end;
  Key key = key_of(point);
  AccessPoint& added = points_.insert_or_assign(std::move(key), std::move(point)).first->second;
  save(added);
  return added;
}

void AccessPoints::save(const AccessPoint& point) {
  point_records_.save(record_key(point), record_of(point));
}

void AccessPoints::erase(const AccessPoint& point) {
  point_records_.erase(record_key(point));
  points_.erase(key_of(point));
}

bool AccessPoints::attached_to(std::string_view bucket) const {
  return std::ranges::any_of(points_, [&](const auto& each) { return each.second.bucket == bucket; });
}

const Json* AccessPoints::account_block(const std::string& account) const {
  const auto found = account_blocks_.find(account);
  return found != account_blocks_.end() ? &found->second : nullptr;
}

void AccessPoints::put_account_block(const std::string& account, Json block) {
  account_records_.save(account, block);
  account_blocks_[account] = std::move(block);
}

void AccessPoints::erase_account_block(const std::string& account) {
  account_records_.erase(account);
  account_blocks_.erase(account);
}

void AccessPoints::restore() {
  point_records_.load([this](std::string_view, const Json& record) {
    AccessPoint point = point_from(record);
    Key key = key_of(point);
    points_.insert_or_assign(std::move(key), std::move(point));
  });
  account_records_.load([this](std::string_view account, Json record) {
    account_blocks_[std::string(account)] = std::move(record);
  });
}

void AccessPoints::clear() {
  points_.clear();
  account_blocks_.clear();
}

bool is_access_point_name(std::string_view name) {
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c); };
  if (name.size() < 3 || name.size() > 50) return false;
  if (!letter_or_digit(name.front()) || !letter_or_digit(name.back())) return false;
  if (name.starts_with("xn--") || name.ends_with(alias_end)) return false;
  return std::ranges::all_of(name, [&](char c) { return letter_or_digit(c) || c == '-'; });
}

}  // namespace aviary::s3
