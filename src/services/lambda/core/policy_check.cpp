#include "services/lambda/core/policy_check.hpp"

#include <fmt/format.h>

#include "base/wildcard.hpp"

namespace aviary::lambda {
namespace {

bool is_principal(const OrderedJson& principal, const Caller& caller) {
  if (principal.is_string()) return principal == "*";
  if (!principal.is_object()) return false;
  if (const auto service = principal.find("Service"); service != principal.end())
    return !caller.service.empty() && *service == caller.service;
  const auto aws = principal.find("AWS");
  if (aws == principal.end() || !aws->is_string()) return false;
  const std::string& arn = aws->get_ref<const std::string&>();
  return arn == "*" ||
         (!caller.account.empty() && arn.find(fmt::format(":{}:", caller.account)) != std::string::npos);
}

/// The account in `arn:aws:sns:us-east-1:123456789012:topic`.
std::string_view account_in(std::string_view arn) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return arn.substr(0, arn.find(':'));
}

/// What a condition's key is for this caller; empty: not known.
std::string_view value_of(std::string_view key, const Caller& caller) {
  if (key == "AWS:SourceArn") return caller.source_arn;
  if (key == "AWS:SourceAccount") return account_in(caller.source_arn);
  if (key == "lambda:FunctionUrlAuthType") return caller.url_auth_type;
  if (key == "lambda:InvokedViaFunctionUrl") return caller.url_auth_type.empty() ? "false" : "true";
  return {};
}

bool meets_conditions(const OrderedJson& statement, const Caller& caller) {
  const auto conditions = statement.find("Condition");
  if (conditions == statement.end()) return true;
  for (const auto& [how, keys] : conditions->items()) {
    for (const auto& [key, wanted] : keys.items()) {
      const std::string_view value = value_of(key, caller);
      // A bucket's ARN has no account: then it is known by the ARN alone.
      if (key == "AWS:SourceAccount" && value.empty() && !caller.source_arn.empty()) continue;
      if (!wanted.is_string()) return false;
      const std::string& text = wanted.get_ref<const std::string&>();
      const bool like = how == "ArnLike" || how == "StringLike";
      if (like ? !matches_wildcard(text, value) : text != value) return false;
    }
  }
  return true;
}

}  // namespace

bool policy_allows(const Policy& policy, const Caller& caller, std::string_view action) {
  for (const OrderedJson& statement : policy.statements) {
    const auto allowed = statement.find("Action");
    if (allowed == statement.end() || !allowed->is_string()) continue;
    if (!matches_wildcard(allowed->get_ref<const std::string&>(), action)) continue;
    const auto principal = statement.find("Principal");
    if (principal == statement.end() || !is_principal(*principal, caller)) continue;
    if (meets_conditions(statement, caller)) return true;
  }
  return false;
}

}  // namespace aviary::lambda
