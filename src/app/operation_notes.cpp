#include "app/operation_notes.hpp"

#include <algorithm>
#include <array>

namespace aviary::app {
namespace {

struct Note {
  std::string_view operation;
  std::string_view text;
};

// In the order of the names.
constexpr std::array lambda_notes{
    Note{"AddLayerVersionPermission", "in effect for other accounts; organizations let nobody in"},
    Note{"AddPermission", "kept and shown; in effect with `--enforce-permissions`"},
    Note{"CheckpointDurableExecution", "every type and action of an operation"},
    Note{"CreateAlias", "with weights, drawn as `--routing` says"},
    Note{"CreateCapacityProvider", "recorded: no instance starts; what was published runs, side by side"},
    Note{"CreateCodeSigningConfig", "`Warn` and `Enforce` act; whose the signature is is not checked"},
    Note{"CreateEventSourceMapping",
         "queues, Kinesis, DynamoDB and Kafka are polled; no Amazon MQ, no DocumentDB"},
    Note{"CreateFunction", "zip, bucket or image; VPC, file systems, KMS key and role are recorded"},
    Note{"CreateFunctionUrlConfig", "a URL that works, with CORS, `AWS_IAM` and streams"},
    Note{"DeleteAlias", "with its policy, URL and provisioned environments"},
    Note{"DeleteCapacityProvider", "refused while a version names it"},
    Note{"DeleteCodeSigningConfig", "refused while a function uses it"},
    Note{"DeleteEventSourceMapping", "its poller ends; not while it changes"},
    Note{"DeleteFunction", "a version or all; environments and waiting events end"},
    Note{"DeleteFunctionCodeSigningConfig", "in full"},
    Note{"DeleteFunctionConcurrency", "at once"},
    Note{"DeleteFunctionEventInvokeConfig", "in full"},
    Note{"DeleteFunctionUrlConfig", "the URL answers no more"},
    Note{"DeleteLayerVersion", "versions that use it keep it"},
    Note{"DeleteProvisionedConcurrencyConfig", "its environments end"},
    Note{"GetAccountSettings", "the limits in effect, and what is used of them"},
    Note{"GetAlias", "in full"},
    Note{"GetCapacityProvider", "`Pending`, then `Active`"},
    Note{"GetCodeSigningConfig", "in full"},
    Note{"GetDurableExecution", "in full"},
    Note{"GetDurableExecutionHistory", "in full"},
    Note{"GetDurableExecutionState", "in full"},
    Note{"GetEventSourceMapping", "with the state of the poller"},
    Note{"GetFunction", "with a location that downloads the code"},
    Note{"GetFunctionCodeSigningConfig", "in full"},
    Note{"GetFunctionConcurrency", "in full"},
    Note{"GetFunctionConfiguration", "in full, with states and reasons"},
    Note{"GetFunctionEventInvokeConfig", "in full"},
    Note{"GetFunctionRecursionConfig", "in full"},
    Note{"GetFunctionScalingConfig", "what was asked for"},
    Note{"GetFunctionUrlConfig", "in full"},
    Note{"GetLayerVersion", "with a location that downloads the zip"},
    Note{"GetLayerVersionByArn", "with a location that downloads the zip"},
    Note{"GetLayerVersionPolicy", "in full"},
    Note{"GetPolicy", "of the function, a version or an alias"},
    Note{"GetProvisionedConcurrencyConfig", "what is really ready"},
    Note{"GetRuntimeManagementConfig", "in full"},
    Note{"Invoke", "all three types, logs, client context, tenants, durable executions"},
    Note{"InvokeAsync", "as an `Event`"},
    Note{"InvokeWithResponseStream", "while the function writes; errors in mid-stream, logs at the end"},
    Note{"ListAliases", "in pages, by version"},
    Note{"ListCapacityProviders", "in pages, by state"},
    Note{"ListCodeSigningConfigs", "in pages"},
    Note{"ListDurableExecutionsByFunction", "in pages, by name, state and time"},
    Note{"ListEventSourceMappings", "in pages, by function and source"},
    Note{"ListFunctionEventInvokeConfigs", "in pages"},
    Note{"ListFunctionUrlConfigs", "in pages"},
    Note{"ListFunctionVersionsByCapacityProvider", "in pages"},
    Note{"ListFunctions", "in pages, also all versions; no Lambda@Edge"},
    Note{"ListFunctionsByCodeSigningConfig", "in pages"},
    Note{"ListLayerVersions", "in pages, by runtime and architecture"},
    Note{"ListLayers", "in pages, by runtime and architecture"},
    Note{"ListProvisionedConcurrencyConfigs", "in pages"},
    Note{"ListTags", "in full"},
    Note{"ListVersionsByFunction", "in pages"},
    Note{"PublishLayerVersion", "zip or bucket; numbers are never used again"},
    Note{"PublishVersion",
         "immutable, but for `$LATEST.PUBLISHED`; with SnapStart an environment is initialised ahead"},
    Note{"PutFunctionCodeSigningConfig", "in effect for the next code"},
    Note{"PutFunctionConcurrency", "at once; zero switches the function off"},
    Note{"PutFunctionEventInvokeConfig",
         "retries, age; functions, queues, topics, buses and buckets as destinations"},
    Note{"PutFunctionRecursionConfig", "in effect"},
    Note{"PutFunctionScalingConfig", "that many environments, here; 0 and 0 deactivate"},
    Note{"PutProvisionedConcurrencyConfig", "environments that are really started and kept"},
    Note{"PutRuntimeManagementConfig", "recorded: runtimes are this machine's"},
    Note{"RemoveLayerVersionPermission", "in full"},
    Note{"RemovePermission", "in full"},
    Note{"SendDurableExecutionCallbackFailure", "in full"},
    Note{"SendDurableExecutionCallbackHeartbeat", "in full"},
    Note{"SendDurableExecutionCallbackSuccess", "in full"},
    Note{"StopDurableExecution", "in full"},
    Note{"TagResource", "functions, mappings, code-signing configurations, capacity providers"},
    Note{"UntagResource", "functions, mappings, code-signing configurations, capacity providers"},
    Note{"UpdateAlias", "with weights; see below for what is not mentioned"},
    Note{"UpdateCapacityProvider", "recorded"},
    Note{"UpdateCodeSigningConfig", "in effect for the next code"},
    Note{"UpdateEventSourceMapping", "the poller goes on with it"},
    Note{"UpdateFunctionCode", "what runs finishes on the old code"},
    Note{"UpdateFunctionConfiguration", "as CreateFunction; what runs finishes on the old one"},
    Note{"UpdateFunctionEventInvokeConfig", "what is not mentioned stays"},
    Note{"UpdateFunctionUrlConfig", "in full"},
};

}  // namespace

std::string_view operation_note(std::string_view service, std::string_view operation) {
  if (service != "lambda") return {};
  const auto found = std::ranges::lower_bound(lambda_notes, operation, {}, &Note::operation);
  return found != lambda_notes.end() && found->operation == operation ? found->text : std::string_view{};
}

}  // namespace aviary::app
