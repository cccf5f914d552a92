#include "services/lambda/core/concurrency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {
namespace {

/// What always stays for functions that reserve nothing. A young account that has fewer keeps all it has.
constexpr std::int64_t least_unreserved = 100;

const std::map<std::string, Json, std::less<>>& provisioned_of(const Function& function) {
  static const std::map<std::string, Json, std::less<>> none;
  const auto found = function.attached.find(attachment::provisioned_concurrency);
  return found == function.attached.end() ? none : found->second;
}

std::int64_t requested(const Json& document) { return document.at("requested").get<std::int64_t>(); }

std::int64_t provisioned_total(const Function& function, std::string_view except = "-") {
  std::int64_t sum = 0;
  for (const auto& [qualifier, document] : provisioned_of(function))
    if (qualifier != except) sum += requested(document);
  return sum;
}

/// Account limits are refused without a Type (recorded: test_function_concurrency_limits).
AwsError account_refusal(std::string text) {
  AwsError error = invalid_parameter(std::move(text));
  error.omit_type = true;
  return error;
}

bool points_to(const Alias& alias, std::string_view version) {
  return alias.routing.version == version ||
         (alias.routing.splits() && alias.routing.additional_version == version);
}

/// A version's environments are kept ready for itself or through an alias, never both.
Result<> check_overlap(const Function& function, std::string_view qualifier) {
  const auto& configs = provisioned_of(function);
  if (is_version_number(qualifier)) {
    for (const auto& [name, alias] : function.aliases)
      if (configs.contains(name) && points_to(alias, qualifier))
        return conflict("Version is pointed by a Provisioned Concurrency alias");
    return {};
  }
  const Alias& alias = function.aliases.find(qualifier)->second;
  for (const auto& [other, document] : configs)
    if (is_version_number(other) && points_to(alias, other))
      return conflict(
          "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
  return {};
}

}  // namespace

std::int64_t reserved_of(const FunctionStore& store, const Function& function) {
  const Json* reserved = store.attached(function, attachment::reserved_concurrency, "");
  return reserved ? reserved->get<std::int64_t>() : -1;
}

std::int64_t ConcurrencyRules::unreserved(const Scope& scope) const {
  std::int64_t left = limit_;
  for (const auto& [name, function] : store_.functions(scope))
    left -= std::max<std::int64_t>(0, reserved_of(store_, *function));
  return left;
}

std::int64_t ConcurrencyRules::set_aside_beside(const Function& one) const {
  std::int64_t sum = 0;
  for (const auto& [name, function] : store_.functions(one.scope)) {
    if (function.get() == &one) continue;
    const std::int64_t reserved = reserved_of(store_, *function);
    sum += reserved >= 0 ? reserved : provisioned_total(*function);
  }
  return sum;
}

Result<> ConcurrencyRules::may_reserve(const Function& function, std::int64_t wanted) const {
  if (const std::int64_t provisioned = provisioned_total(function); wanted < provisioned) {
    return account_refusal(
        fmt::format(" ReservedConcurrentExecutions  {} should not be lower than function's total provisioned "
                    "concurrency [{}].",
                    wanted, provisioned));
  }
  const std::int64_t least = std::min(least_unreserved, limit_);
  if (wanted > 0 && limit_ - set_aside_beside(function) - wanted < least) {
    return account_refusal(
        fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [{}].",
                    least));
  }
  return {};
}

Result<> ConcurrencyRules::may_provision(const Function& function, std::string_view qualifier,
                                         std::int64_t wanted) const {
  if (const Result<> apart = check_overlap(function, qualifier); !apart) return apart.error();
  const std::int64_t others = provisioned_total(function, qualifier);
  if (const std::int64_t reserved = reserved_of(store_, function); reserved >= 0) {
    if (others + wanted > reserved) {
      return invalid_parameter(
          "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
          "function");
    }
    return {};
  }
  const std::int64_t least = std::min(least_unreserved, limit_);
  const std::int64_t left = limit_ - set_aside_beside(function) - others;
  if (wanted > left) {
    return account_refusal(fmt::format(
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{}].",
        left));
  }
  if (left - wanted < least) {
    return account_refusal(
        fmt::format("Specified ConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [{}].",
                    least));
  }
  return {};
}

std::map<std::string, std::size_t> provisioned_by_version(const Function& function) {
  std::map<std::string, std::size_t> wanted;
  for (const auto& [qualifier, document] : provisioned_of(function)) {
    const auto count = static_cast<std::size_t>(requested(document));
    const auto alias = function.aliases.find(qualifier);
    if (alias == function.aliases.end()) {
      wanted[qualifier] += count;
      continue;
    }
    // An alias that splits its traffic splits its environments alike; both versions get at least one.
    const Routing& routing = alias->second.routing;
    std::size_t additional = 0;
    if (routing.splits()) {
      const auto share =
          static_cast<std::size_t>(std::llround(static_cast<double>(count) * routing.additional_weight));
      additional = count < 2 ? std::min(share, count) : std::clamp<std::size_t>(share, 1, count - 1);
      if (additional > 0) wanted[routing.additional_version] += additional;
    }
    if (count > additional) wanted[routing.version] += count - additional;
  }
  return wanted;
}

}  // namespace aviary::lambda
