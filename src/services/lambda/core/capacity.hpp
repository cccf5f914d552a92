#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/lambda/core/function_runner.hpp"
#include "services/lambda/core/function_store.hpp"

/// Functions that name a capacity provider: AWS runs their published versions on instances of the account.
/// Developer guide, "$LATEST.PUBLISHED version in Lambda Managed Instances".
namespace aviary::lambda {

/// Its ARN; empty: none.
std::string capacity_provider_of(const Configuration& configuration);

/// Whether this is a `$LATEST` that is there to be changed and published, and runs nothing itself: its state
/// is `ActiveNonInvocable`.
bool is_only_published(const Version& version);

/// How many invocations an environment of this version takes side by side: what
/// `PerExecutionEnvironmentMaxConcurrency` says, or Lambda's default for the runtime and the version's vCPUs.
/// 0 where it takes one after the other: no capacity provider, or not published.
std::size_t side_by_side(const Version& version);

/// What a FunctionScalingConfig says. 400 InvalidParameterValueException where it contradicts itself: both
/// bounds go together, what is not said is Lambda's default, and 0 is either both or none.
Result<ScalingBounds> scaling_bounds(const Json& config);

/// Functions on a capacity provider log in JSON; 400 InvalidParameterValueException for one that shall not.
Result<> settle_log_format(const Json& input, Configuration& configuration);

/// Whether any version of the function names it.
bool names_provider(const Function& function, std::string_view provider_arn);

/// How many versions name it, of those that ListFunctionVersionsByCapacityProvider lists.
std::size_t versions_on(const FunctionStore::Functions& functions, std::string_view provider_arn);

/// Whether `more` versions with this configuration may be there:
/// 400 FunctionVersionsPerCapacityProviderLimitExceededException.
Result<> check_versions_on(const FunctionStore::Functions& functions, const Configuration& configuration,
                           std::size_t more, std::uint64_t most);

/// As what a request wants its change published that says `Publish` and `PublishTo` (be that named or not).
/// Only functions with a capacity provider have a version without a number.
Result<Publish> publishing_of(const Configuration& configuration, bool publish, bool to_latest_published);

/// How many versions publishing adds: none where `$LATEST.PUBLISHED` is replaced, or nothing has changed.
std::size_t versions_added(const FunctionStore& store, const Function& function, const CodeHandle& packed,
                           Publish publish);

/// `$LATEST.PUBLISHED`; null if there is none.
VersionHandle unnumbered_version(const FunctionStore& store, const Function& function);

/// What an invocation by this qualifier (no alias that draws) runs, if it were in a state to. Without one,
/// it is `$LATEST.PUBLISHED` of these functions: 400 NoPublishedVersionException if there is none. Null:
/// there is no such version.
Result<const Snapshot*> invoked_version(const FunctionStore& store, const Function& function,
                                        std::string_view qualifier);

}  // namespace aviary::lambda
