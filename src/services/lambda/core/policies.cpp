#include <fmt/format.h>

#include <algorithm>

#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t tag_limit = 50;
/// Developer guide, "Lambda quotas": resource-based policy.
constexpr std::size_t function_policy_bytes = 20480;

/// As GetPolicy renders it.
std::size_t bytes_of(const Policy& policy) {
  return OrderedJson{{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", policy.statements}}
      .dump()
      .size();
}

auto find_statement(Policy& policy, std::string_view id) {
  return std::ranges::find_if(policy.statements,
                              [&](const OrderedJson& statement) { return statement.value("Sid", "") == id; });
}

}  // namespace

const std::string* FunctionStore::revision_of(const Function& function, std::string_view qualifier) const {
  if (is_alias_name(qualifier)) {
    const auto alias = function.aliases.find(qualifier);
    return alias == function.aliases.end() ? nullptr : &alias->second.revision_id;
  }
  const Snapshot* snapshot = find_qualified(function, qualifier);
  return snapshot ? &snapshot->version->revision_id : nullptr;
}

Result<> FunctionStore::add_statement(Function& function, std::string_view qualifier, OrderedJson statement,
                                      std::string_view revision_id, const Moment& at) {
  const std::string* current = revision_of(function, qualifier);
  if (!current) return function_not_found(function.scope, function.name, qualifier);
  if (!revision_id.empty() && revision_id != *current) return revision_mismatch("GetPolicy");
  const std::string id = statement.value("Sid", "");
  if (const auto policy = function.policies.find(qualifier); policy != function.policies.end()) {
    if (find_statement(policy->second, id) != policy->second.statements.end()) {
      return conflict(
          fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, "
                      "or remove the existing statement.",
                      id));
    }
  }
  Policy& policy = function.policies[std::string(qualifier)];
  policy.statements.push_back(std::move(statement));
  if (const std::size_t size = bytes_of(policy); size > function_policy_bytes) {
    policy.statements.pop_back();
    if (policy.statements.empty()) function.policies.erase(std::string(qualifier));
    return AwsError(models::lambda::errors::PolicyLengthExceededException,
                    fmt::format("The final policy size ({}) is bigger than the limit ({}).", size,
                                function_policy_bytes));
  }
  save(function, qualifier, policy);
  touch_revision(function, qualifier, at);
  return {};
}

Result<> FunctionStore::remove_statement(Function& function, std::string_view qualifier,
                                         std::string_view statement_id, std::string_view revision_id,
                                         const Moment& at) {
  const auto policy = function.policies.find(qualifier);
  if (policy == function.policies.end()) return not_found("No policy is associated with the given resource.");
  const auto statement = find_statement(policy->second, statement_id);
  if (statement == policy->second.statements.end()) {
    return not_found(fmt::format("Statement {} is not found in resource policy.", statement_id));
  }
  const std::string* current = revision_of(function, qualifier);
  if (!revision_id.empty() && current && revision_id != *current) return revision_mismatch("GetPolicy");
  policy->second.statements.erase(statement);
  save(function, qualifier, policy->second);
  if (policy->second.statements.empty()) function.policies.erase(policy);
  touch_revision(function, qualifier, at);
  return {};
}

/// A change of the policy is a change of what it belongs to (recorded: test_function_revisions_permissions).
void FunctionStore::touch_revision(Function& function, std::string_view qualifier, const Moment& at) {
  if (const auto alias = function.aliases.find(qualifier); alias != function.aliases.end()) {
    alias->second.revision_id = at.ids.uuid();
    renew_source(function, alias->second);
    save(function, alias->second);
    return;
  }
  if (qualifier.empty() || qualifier == latest_qualifier) {
    set_revision(function.latest, at);
    save(function);
    return;
  }
  const auto found = function.versions.find(version_key(qualifier).value_or(0));
  if (found == function.versions.end()) return;
  Snapshot& snapshot = found->second;
  const bool was_last = function.last_published == snapshot.version;
  set_revision(snapshot, at);
  if (was_last) function.last_published = snapshot.version;
  save(function, snapshot);
}

Result<> FunctionStore::tag(Function& function, const std::map<std::string, std::string>& tags) {
  std::size_t count = function.tags.size();
  for (const auto& [key, value] : tags) count += function.tags.contains(key) ? 0 : 1;
  if (count > tag_limit) return invalid_parameter("Number of tags exceeds resource tag limit.");
  for (const auto& [key, value] : tags) function.tags[key] = value;
  save(function);
  return {};
}

void FunctionStore::untag(Function& function, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) function.tags.erase(key);
  save(function);
}

}  // namespace aviary::lambda
