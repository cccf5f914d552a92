#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ports/records.hpp"
#include "services/cloudwatch/core/scope.hpp"

namespace aviary::cloudwatch {

struct Dashboard {
  std::string name;
  std::string body;  ///< JSON, as it was given
  Instant modified{};
  std::map<std::string, std::string> tags;
};

/// Dashboards are kept and given back; nothing draws them. They belong to an account, not to a region.
class Dashboards {
 public:
  explicit Dashboards(Journal& journal) : records_(journal, "cloudwatch.dashboards") {}

  using ByName = std::map<std::string, Dashboard, std::less<>>;
  void put(const std::string& account, Dashboard dashboard);
  bool erase(const std::string& account, std::string_view name);
  const Dashboard* find(const std::string& account, std::string_view name) const;
  const ByName& of(const std::string& account) const;
  void restore();
  void clear() { accounts_.clear(); }

 private:
  std::map<std::string, ByName> accounts_;
  Records<Json> records_;
};

std::string dashboard_arn(std::string_view account, std::string_view name);

}  // namespace aviary::cloudwatch
