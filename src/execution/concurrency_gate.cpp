#include "execution/concurrency_gate.hpp"

#include <utility>

#include "models/lambda.hpp"

namespace aviary::execution {

AwsError rate_exceeded(std::string reason) {
  AwsError error{models::lambda::errors::TooManyRequestsException, "Rate Exceeded."};
  error.members.emplace_back("Reason", std::move(reason));
  return error;
}

std::size_t ConcurrencyGate::OfFunction::all_provisioned() const {
  std::size_t sum = 0;
  for (const auto& [serial, count] : provisioned) sum += count;
  return sum;
}

Result<Charge> ConcurrencyGate::enter(const lambda::Version& version, bool provisioned_free) {
  if (provisioned_free) return Charge::Provisioned;
  if (!functions_.empty()) {
    const auto found = functions_.find({version.scope, version.function_name});
    if (found != functions_.end() && found->second.reserved) {
      OfFunction& function = found->second;
      // Recorded: with all that is reserved provisioned, $LATEST is throttled
      // (test_reserved_provisioned_overlap).
      if (function.running + function.all_provisioned() >= *function.reserved)
        return rate_exceeded("ReservedFunctionConcurrentInvocationLimitExceeded");
      ++function.running;
      return Charge::Reserved;
    }
  }
  OfAccount& account = accounts_[version.scope];
  if (account.running + account.set_aside >= account_limit_)
    return rate_exceeded("ConcurrentInvocationLimitExceeded");
  ++account.running;
  return Charge::Unreserved;
}

void ConcurrencyGate::leave(const lambda::Version& version, Charge charge) {
  if (charge == Charge::Unreserved) --accounts_[version.scope].running;
  if (charge != Charge::Reserved) return;
  const auto found = functions_.find({version.scope, version.function_name});
  --found->second.running;
  if (found->second.idle()) functions_.erase(found);
}

template <class Change>
void ConcurrencyGate::change(const FunctionKey& key, Change apply) {
  OfFunction& function = functions_[key];
  OfAccount& account = accounts_[key.first];
  account.set_aside -= function.set_aside();
  apply(function);
  account.set_aside += function.set_aside();
  if (function.idle()) functions_.erase(key);
}

void ConcurrencyGate::reserve(const lambda::Scope& scope, const std::string& function,
                              std::optional<std::size_t> most) {
  change({scope, function}, [&](OfFunction& of) { of.reserved = most; });
}

void ConcurrencyGate::provision(const lambda::Version& version, std::size_t count) {
  change({version.scope, version.function_name}, [&](OfFunction& of) {
    if (count == 0)
      of.provisioned.erase(version.serial);
    else
      of.provisioned[version.serial] = count;
  });
}

}  // namespace aviary::execution
