#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/records.hpp"

namespace aviary::s3 {

/// Another name for a bucket, with a policy of its own.
struct AccessPoint {
  std::string account;
  std::string region;
  std::string name;
  std::string bucket;
  std::string bucket_account;
  std::string alias;  ///< what may stand for the bucket's name: `name-…-s3alias`
  std::string vpc;    ///< empty: its origin is the Internet
  std::string policy;
  Instant created{};
  Json public_access = Json::object();  ///< its block of public access, which is made with it
  std::map<std::string, std::string> tags;

  std::string arn() const;
};

/// All access points, and the accounts' blocks of public access. Pointers are good until the next change.
class AccessPoints {
 public:
  AccessPoints(Journal& journal, Random& ids);

  /// By account, region and name.
  using Key = std::tuple<std::string, std::string, std::string>;
  using All = std::map<Key, AccessPoint>;
  const All& all() const noexcept { return points_; }

  AccessPoint* find(const std::string& account, const std::string& region, const std::string& name);
  /// By what requests put in a bucket's place: an ARN, an alias, `name-account`. Null if it is none of these,
  /// or names none that is there.
  const AccessPoint* named(std::string_view text, const std::string& region) const;
  /// Gives it its alias.
  AccessPoint& add(AccessPoint point);
  void save(const AccessPoint& point);
  void erase(const AccessPoint& point);
  bool attached_to(std::string_view bucket) const;

  /// Null if nothing was said of the account.
  const Json* account_block(const std::string& account) const;
  void put_account_block(const std::string& account, Json block);
  void erase_account_block(const std::string& account);

  void restore();
  void clear();

 private:
  Random& ids_;
  Records<Json> point_records_;
  Records<Json> account_records_;
  All points_;
  std::map<std::string, Json> account_blocks_;
};

/// 3 to 50 lower-case letters, digits and hyphens, which do not end as an alias does.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html
bool is_access_point_name(std::string_view name);

}  // namespace aviary::s3
