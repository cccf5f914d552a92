#include "services/s3/core/public_policy.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace aviary::s3 {
namespace {

/// Keys of conditions whose fixed value makes a statement not public.
constexpr std::string_view narrowing[] = {"aws:principalorgid",
                                          "aws:principalorgpaths",
                                          "aws:principalaccount",
                                          "aws:principalarn",
                                          "aws:sourcearn",
                                          "aws:sourceaccount",
                                          "aws:sourceip",
                                          "aws:sourceowner",
                                          "aws:sourceorgid",
                                          "aws:sourceorgpaths",
                                          "aws:sourcevpc",
                                          "aws:sourcevpce",
                                          "aws:userid",
                                          "aws:principaltype",
                                          "aws:vpcsourceip",
                                          "s3:x-amz-server-side-encryption-aws-kms-key-id",
                                          "s3:dataaccesspointarn",
                                          "s3:dataaccesspointaccount",
                                          "s3:accesspointnetworkorigin"};

bool names_everybody(const Json& principal) {
  if (principal.is_string()) return principal == "*";
  if (principal.is_array()) return std::ranges::any_of(principal, names_everybody);
  return principal.is_object() && names_everybody(principal.value("AWS", Json()));
}

std::string in_small_letters(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_fixed(const Json& value) {
  if (value.is_array()) return std::ranges::all_of(value, is_fixed);
  return !value.is_string() || (value != "*" && value != "0.0.0.0/0" && value != "::/0");
}

bool is_narrowed(const Json& statement) {
  const Json conditions = statement.value("Condition", Json::object());
  for (const auto& [operation, keys] : conditions.items()) {
    if (!keys.is_object() || operation.find("Not") != std::string::npos) continue;
    for (const auto& [key, value] : keys.items())
      if (std::ranges::find(narrowing, in_small_letters(key)) != std::end(narrowing) && is_fixed(value))
        return true;
  }
  return false;
}

}  // namespace

bool is_public_policy(const Json& policy) {
  if (!policy.is_object()) return false;
  Json statements = policy.value("Statement", Json::array());
  if (statements.is_object()) statements = Json::array({statements});
  return std::ranges::any_of(statements, [](const Json& statement) {
    return statement.is_object() && statement.value("Effect", Json()) == "Allow" &&
           (statement.contains("NotPrincipal") || names_everybody(statement.value("Principal", Json()))) &&
           !is_narrowed(statement);
  });
}

bool blocks_public_policy(const Json* block) {
  return block != nullptr && block->is_object() && block->value("BlockPublicPolicy", Json()) == true;
}

}  // namespace aviary::s3
