#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::execution {

/// Out of whose concurrency an invocation that runs was taken, and so where its place goes back to.
enum class Charge : std::uint8_t { Unreserved, Reserved, Provisioned };

/// Decides whether one more invocation may run, as Lambda does: a function with reserved concurrency has that
/// for itself, provisioned concurrency comes out of it (or, without it, out of the account's), and all other
/// functions share what is left of the account.
class ConcurrencyGate {
 public:
  explicit ConcurrencyGate(std::size_t account_limit) : account_limit_(account_limit) {}

  /// `provisioned_free`: an environment that was provisioned for this version waits for an invocation.
  /// The error is 429 TooManyRequestsException with its Reason.
  Result<Charge> enter(const lambda::Version& version, bool provisioned_free);
  void leave(const lambda::Version& version, Charge charge);

  /// Nothing: the function shares what is left of the account again.
  void reserve(const lambda::Scope& scope, const std::string& function, std::optional<std::size_t> most);
  void provision(const lambda::Version& version, std::size_t count);

 private:
  using FunctionKey = std::pair<lambda::Scope, std::string>;
  struct OfFunction {
    std::optional<std::size_t> reserved;
    std::size_t running = 0;                           ///< of what is reserved, on demand
    std::map<std::uint64_t, std::size_t> provisioned;  ///< by the version's serial

    std::size_t all_provisioned() const;
    /// What others cannot have.
    std::size_t set_aside() const { return reserved ? *reserved : all_provisioned(); }
    bool idle() const { return !reserved && running == 0 && provisioned.empty(); }
  };
  struct OfAccount {
    std::size_t running = 0;    ///< that nothing was reserved for
    std::size_t set_aside = 0;  ///< by all functions together
  };

  template <class Change>
  void change(const FunctionKey& key, Change apply);

  std::size_t account_limit_;
  std::map<lambda::Scope, OfAccount> accounts_;
  std::map<FunctionKey, OfFunction> functions_;  ///< those that something was set for
};

/// 429 TooManyRequestsException, as Lambda words it.
AwsError rate_exceeded(std::string reason);

}  // namespace aviary::execution
