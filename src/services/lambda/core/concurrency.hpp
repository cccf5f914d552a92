#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "services/lambda/core/function_store.hpp"

/// What functions have of their account's concurrency, and what they may be given.
namespace aviary::lambda {

class ConcurrencyRules {
 public:
  /// `limit`: concurrent executions of an account.
  ConcurrencyRules(const FunctionStore& store, std::int64_t limit) : store_(store), limit_(limit) {}

  /// What is left for functions that reserve nothing; provisioned concurrency does not count, as in
  /// GetAccountSettings.
  std::int64_t unreserved(const Scope& scope) const;
  Result<> may_reserve(const Function& function, std::int64_t wanted) const;
  /// `qualifier`: a version's number or an alias, which exists.
  Result<> may_provision(const Function& function, std::string_view qualifier, std::int64_t wanted) const;

 private:
  /// Of which all functions, except `one`, keep others out.
  std::int64_t set_aside_beside(const Function& one) const;

  const FunctionStore& store_;
  std::int64_t limit_;
};

/// What a function reserved; -1 if nothing.
std::int64_t reserved_of(const FunctionStore& store, const Function& function);
/// How many environments are to be ready of each published version, by what was asked for it and for aliases.
std::map<std::string, std::size_t> provisioned_by_version(const Function& function);

}  // namespace aviary::lambda
