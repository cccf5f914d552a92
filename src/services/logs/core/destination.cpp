#include "services/logs/core/destination.hpp"

#include "base/bounded_json.hpp"

#include <algorithm>
#include <array>

namespace aviary::logs {
namespace {

bool names_account(const Json& principal, std::string_view account) {
  if (principal.is_array())
    return std::ranges::any_of(principal, [&](const Json& each) { return names_account(each, account); });
  if (principal.is_object()) return names_account(principal.value("AWS", Json()), account);
  if (!principal.is_string()) return false;
  const std::string& text = principal.get_ref<const std::string&>();
  return text == "*" || text == account || parse_arn(text).account == account;
}

}  // namespace

ArnParts parse_arn(std::string_view arn) {
  if (!arn.starts_with("arn:")) return {};
  std::array<std::string, 5> parts;
  for (std::string& part : parts) {
    const std::size_t end = arn.find(':');
    if (end == std::string_view::npos) return {};
    part = arn.substr(0, end);
    arn.remove_prefix(end + 1);
  }
  return {parts[2], parts[3], parts[4], std::string(arn)};
}

std::string_view destination_name(std::string_view arn) {
  constexpr std::string_view mark = ":destination:";
  const ArnParts parts = parse_arn(arn);
  if (parts.service != "logs" || !parts.resource.starts_with(mark.substr(1))) return {};
  return arn.substr(arn.find(mark) + mark.size());
}

bool admits(const std::string& access_policy, std::string_view account) {
  const Json policy = parse_bounded<Json>(access_policy);
  if (!policy.is_object()) return false;
  Json statements = policy.value("Statement", Json::array());
  if (statements.is_object()) statements = Json::array({statements});
  return std::ranges::any_of(statements, [&](const Json& statement) {
    return statement.is_object() && statement.value("Effect", Json()) == "Allow" &&
           names_account(statement.value("Principal", Json()), account);
  });
}

}  // namespace aviary::logs
