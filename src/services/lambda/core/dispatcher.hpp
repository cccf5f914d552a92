#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ports/random.hpp"
#include "services/lambda/core/function_store.hpp"
#include "services/lambda/core/request_rates.hpp"
#include "services/lambda/core/route_log.hpp"

namespace aviary::lambda {

/// Finds in a request what a sticky router goes by. Nothing if the request has it not: then the invoke draws.
class StickyKeys {
 public:
  virtual ~StickyKeys() = default;
  virtual std::optional<std::string> find(const RouterSettings& settings) const = 0;
};

/// Which version runs, decided.
struct InvokeTarget {
  VersionHandle version;
  std::string invoked_arn;  ///< qualified exactly as the caller qualified it
};

/// From "this function, this qualifier" to the version that runs: one look-up and, through an alias, one
/// draw. Invokes of a version or of `$LATEST` never draw, so that they never change what an alias picks next.
class Dispatcher {
 public:
  /// `concurrency`: of an account.
  Dispatcher(FunctionStore& store, RouteLog& log, Random& router, RequestRates& rates,
             std::int64_t concurrency)
      : store_(store), log_(log), router_(router), rates_(rates), concurrency_(concurrency) {}

  /// `qualifier` may be empty. `forced_version`, if not empty, has to be one that the alias names. `keys` may
  /// be null.
  Result<InvokeTarget> resolve(const Scope& scope, std::string_view name, std::string_view qualifier,
                               std::string_view forced_version, const StickyKeys* keys, const Moment& at);

 private:
  Result<> admit(const Function& function, Instant now);
  double draw(const Function& function, Alias& alias, const StickyKeys* keys);

  FunctionStore& store_;
  RouteLog& log_;
  Random& router_;
  RequestRates& rates_;
  std::int64_t concurrency_;
};

}  // namespace aviary::lambda
