#include "services/cloudwatch/core/dashboards.hpp"

#include <fmt/format.h>

namespace aviary::cloudwatch {

std::string dashboard_arn(std::string_view account, std::string_view name) {
  return fmt::format("arn:aws:cloudwatch::{}:dashboard/{}", account, name);
}

void Dashboards::put(const std::string& account, Dashboard dashboard) {
  records_.save(fmt::format("{}/{}", account, dashboard.name),
                Json{{"account", account},
                     {"name", dashboard.name},
                     {"body", dashboard.body},
                     {"modified", dashboard.modified.time_since_epoch().count()},
                     {"tags", dashboard.tags}});
  std::string name = dashboard.name;
  accounts_[account].insert_or_assign(std::move(name), std::move(dashboard));
}

bool Dashboards::erase(const std::string& account, std::string_view name) {
  ByName& all = accounts_[account];
  const auto found = all.find(name);
  if (found == all.end()) return false;
  records_.erase(fmt::format("{}/{}", account, name));
  all.erase(found);
  return true;
}

const Dashboards::ByName& Dashboards::of(const std::string& account) const {
  static const ByName none;
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? none : found->second;
}

const Dashboard* Dashboards::find(const std::string& account, std::string_view name) const {
  const ByName& all = of(account);
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

void Dashboards::restore() {
  records_.load([this](std::string_view, const Json& record) {
    Dashboard dashboard{.name = record.at("name"),
                        .body = record.at("body"),
                        .modified = Instant(Duration(record.at("modified").get<std::int64_t>())),
                        .tags = record.at("tags").get<std::map<std::string, std::string>>()};
    std::string name = dashboard.name;
    accounts_[record.at("account")].emplace(std::move(name), std::move(dashboard));
  });
}

}  // namespace aviary::cloudwatch
