#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/lambda/core/quotas.hpp"
#include "services/lambda/core/runtimes.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// Takes over every configuration member that `input` (of CreateFunction or UpdateFunctionConfiguration) has,
/// and leaves the others. Refuses what AWS refuses beyond the model's constraints; `configuration` is then
/// half changed and to be thrown away.
Result<> apply_configuration(const Json& input, const Quotas& quotas, RetiredRuntimes retired,
                             Configuration& configuration);

/// What a new function must have, for its package type.
Result<> check_new_configuration(const Json& input, const Configuration& configuration);

}  // namespace aviary::lambda
