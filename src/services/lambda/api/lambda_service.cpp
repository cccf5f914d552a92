#include "services/lambda/api/lambda_service.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "services/lambda/api/event_source_mappings.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/core/errors.hpp"
#include "wire/protocol.hpp"

namespace aviary::lambda {

/// Which member answers which operation.
OperationTable<LambdaService> LambdaService::operations() {
  using S = LambdaService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddLayerVersionPermission", &S::add_layer_version_permission},
      {"AddPermission", &S::add_permission},
      {"CheckpointDurableExecution", &S::checkpoint_durable_execution},
      {"CreateAlias", &S::create_alias},
      {"CreateCapacityProvider", &S::create_capacity_provider},
      {"CreateCodeSigningConfig", &S::create_code_signing_config},
      {"CreateEventSourceMapping", &S::create_event_source_mapping},
      {"CreateFunction", &S::create_function},
      {"CreateFunctionUrlConfig", &S::create_function_url_config},
      {"DeleteAlias", &S::delete_alias},
      {"DeleteCapacityProvider", &S::delete_capacity_provider},
      {"DeleteCodeSigningConfig", &S::delete_code_signing_config},
      {"DeleteEventSourceMapping", &S::delete_event_source_mapping},
      {"DeleteFunction", &S::delete_function},
      {"DeleteFunctionCodeSigningConfig", &S::delete_function_code_signing_config},
      {"DeleteFunctionConcurrency", &S::delete_function_concurrency},
      {"DeleteFunctionEventInvokeConfig", &S::delete_function_event_invoke_config},
      {"DeleteFunctionUrlConfig", &S::delete_function_url_config},
      {"DeleteLayerVersion", &S::delete_layer_version},
      {"DeleteProvisionedConcurrencyConfig", &S::delete_provisioned_concurrency_config},
      {"GetAccountSettings", &S::get_account_settings},
      {"GetAlias", &S::get_alias},
      {"GetCapacityProvider", &S::get_capacity_provider},
      {"GetCodeSigningConfig", &S::get_code_signing_config},
      {"GetDurableExecution", &S::get_durable_execution},
      {"GetDurableExecutionHistory", &S::get_durable_execution_history},
      {"GetDurableExecutionState", &S::get_durable_execution_state},
      {"GetEventSourceMapping", &S::get_event_source_mapping},
      {"GetFunction", &S::get_function},
      {"GetFunctionCodeSigningConfig", &S::get_function_code_signing_config},
      {"GetFunctionConcurrency", &S::get_function_concurrency},
      {"GetFunctionConfiguration", &S::get_function_configuration},
      {"GetFunctionEventInvokeConfig", &S::get_function_event_invoke_config},
      {"GetFunctionRecursionConfig", &S::get_function_recursion_config},
      {"GetFunctionScalingConfig", &S::get_function_scaling_config},
      {"GetFunctionUrlConfig", &S::get_function_url_config},
      {"GetLayerVersion", &S::get_layer_version},
      {"GetLayerVersionByArn", &S::get_layer_version_by_arn},
      {"GetLayerVersionPolicy", &S::get_layer_version_policy},
      {"GetPolicy", &S::get_policy},
      {"GetProvisionedConcurrencyConfig", &S::get_provisioned_concurrency_config},
      {"GetRuntimeManagementConfig", &S::get_runtime_management_config},
      {"Invoke", &S::invoke},
      {"InvokeAsync", &S::invoke_async},
      {"InvokeWithResponseStream", &S::invoke},
      {"ListAliases", &S::list_aliases},
      {"ListCapacityProviders", &S::list_capacity_providers},
      {"ListCodeSigningConfigs", &S::list_code_signing_configs},
      {"ListDurableExecutionsByFunction", &S::list_durable_executions_by_function},
      {"ListEventSourceMappings", &S::list_event_source_mappings},
      {"ListFunctionEventInvokeConfigs", &S::list_function_event_invoke_configs},
      {"ListFunctionUrlConfigs", &S::list_function_url_configs},
      {"ListFunctionVersionsByCapacityProvider", &S::list_function_versions_by_capacity_provider},
      {"ListFunctions", &S::list_functions},
      {"ListFunctionsByCodeSigningConfig", &S::list_functions_by_code_signing_config},
      {"ListLayerVersions", &S::list_layer_versions},
      {"ListLayers", &S::list_layers},
      {"ListProvisionedConcurrencyConfigs", &S::list_provisioned_concurrency_configs},
      {"ListTags", &S::list_tags},
      {"ListVersionsByFunction", &S::list_versions_by_function},
      {"PublishLayerVersion", &S::publish_layer_version},
      {"PublishVersion", &S::publish_version},
      {"PutFunctionCodeSigningConfig", &S::put_function_code_signing_config},
      {"PutFunctionConcurrency", &S::put_function_concurrency},
      {"PutFunctionEventInvokeConfig", &S::put_function_event_invoke_config},
      {"PutFunctionRecursionConfig", &S::put_function_recursion_config},
      {"PutFunctionScalingConfig", &S::put_function_scaling_config},
      {"PutProvisionedConcurrencyConfig", &S::put_provisioned_concurrency_config},
      {"PutRuntimeManagementConfig", &S::put_runtime_management_config},
      {"RemoveLayerVersionPermission", &S::remove_layer_version_permission},
      {"RemovePermission", &S::remove_permission},
      {"SendDurableExecutionCallbackFailure", &S::send_durable_execution_callback_failure},
      {"SendDurableExecutionCallbackHeartbeat", &S::send_durable_execution_callback_heartbeat},
      {"SendDurableExecutionCallbackSuccess", &S::send_durable_execution_callback_success},
      {"StopDurableExecution", &S::stop_durable_execution},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"UpdateAlias", &S::update_alias},
      {"UpdateCapacityProvider", &S::update_capacity_provider},
      {"UpdateCodeSigningConfig", &S::update_code_signing_config},
      {"UpdateEventSourceMapping", &S::update_event_source_mapping},
      {"UpdateFunctionCode", &S::update_function_code},
      {"UpdateFunctionConfiguration", &S::update_function_configuration},
      {"UpdateFunctionEventInvokeConfig", &S::update_function_event_invoke_config},
      {"UpdateFunctionUrlConfig", &S::update_function_url_config},
  };
  return {models::lambda::service, "Lambda", entries};
}

namespace {

Task<Result<Reply>> refuse(AwsError error) { co_return error; }

}  // namespace

LambdaService::LambdaService(LambdaDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      journal_(d.journal),
      codes_(d.codes),
      code_source_(d.code_source ? d.code_source : &no_code_source_),
      layer_source_(d.layer_source ? d.layer_source : &stored_layers_),
      workers_(d.workers),
      live_folders_(d.live_folders),
      images_(d.images),
      options_(std::move(d.options)),
      store_(d.journal, options_.store),
      layers_(d.journal),
      stored_layers_(layers_),
      route_log_(options_.route_log_capacity),
      rates_(options_.request_rates),
      dispatcher_(store_, route_log_, d.router, rates_, options_.concurrency),
      runner_(d.clock, d.executor, d.journal, store_, d.runner, d.ids),
      events_(d.clock, d.executor, d.journal, store_, dispatcher_, runner_,
              d.messenger ? *d.messenger : no_messenger_, d.ids),
      mappings_(std::make_unique<EventSourceMappings>(*this, d.clock, d.ids, d.journal, d.executor,
                                                      d.messenger ? *d.messenger : no_messenger_)),
      code_signing_(d.journal, "lambda.code-signing-configs"),
      capacity_(d.journal, "lambda.capacity-providers"),
      background_(d.executor) {
  mappings_->set_transition(options_.store.activation_delay);
  runner_.set_chain([this](ChainedCall call) { return call_chained(std::move(call)); });
}

LambdaService::~LambdaService() = default;

Task<Result<Reply>> LambdaService::call(Call call) {
  // What the emulator asks itself, for a stack, has no HTTP request: it is not held up.
  if (rates_.active() && call.http && !call.http->method.empty()) {
    const Scope scope{.account = call.account, .region = call.region};
    if (Result<> admitted = rates_.admit(scope, call.operation->name, call.now); !admitted)
      return refuse(admitted.error());
  }
  return TableService::call(std::move(call));
}

void LambdaService::restore() {
  store_.restore(codes_, images_);
  layers_.restore(codes_);
  code_signing_.restore();
  capacity_.restore();
  for (const Function* function : store_.all()) {
    index_urls(*function);
    if (const std::int64_t reserved = reserved_of(store_, *function); reserved >= 0)
      runner_.reserve(function->scope, function->name, static_cast<std::size_t>(reserved));
    provision(*function, false);
    for (const auto& [number, version] : function->versions) restore_snapshot(version);
    restore_scaling(*function);
  }
  runner_.restore();
  events_.restore();
  mappings_->engine().restore();
}

void LambdaService::reset() {
  mappings_->engine().clear();
  events_.clear();
  runner_.clear();
  for (const Function* function : store_.all())
    if (reserved_of(store_, *function) >= 0) runner_.reserve(function->scope, function->name, std::nullopt);
  retire(store_.clear());
  layers_.clear();
  code_signing_.clear();
  capacity_.clear();
  urls_.clear();
  route_log_.clear();
  rates_.clear();
  collect_code();
}

Task<> LambdaService::stop() {
  co_await mappings_->engine().stop();
  co_await runner_.stop();
  co_await events_.stop();
  background_.cancel();
  co_await background_.join();
}

Result<> LambdaService::set_router(const Scope& scope, std::string_view alias,
                                   std::optional<RouterSettings> settings) {
  const Result<FunctionReference> reference = resolve_function_reference(alias, {}, scope);
  if (!reference) return reference.error();
  const Scope home{.account = reference->account.empty() ? scope.account : reference->account,
                   .region = scope.region};
  Function* function = store_.find(home, reference->name, moment());
  if (!function || !store_.set_router(*function, reference->qualifier, std::move(settings))) {
    return alias_arn_not_found(home, reference->name, reference->qualifier);
  }
  return {};
}

Task<std::optional<std::string>> LambdaService::code_package(std::string hex_digest) {
  std::string digest;
  for (std::size_t i = 0; i + 1 < hex_digest.size(); i += 2) {
    const std::optional<std::string> byte = percent_decode("%" + hex_digest.substr(i, 2));
    if (!byte) co_return std::nullopt;
    digest += *byte;
  }
  const CodeHandle code = codes_.open(base64_encode(digest));
  if (!code) co_return std::nullopt;
  CodeStore::Result<std::string> bytes = co_await codes_.bytes(code);
  if (!bytes) co_return std::nullopt;
  co_return std::move(*bytes);
}

Json LambdaService::counts() const {
  const FunctionStore::Totals totals = store_.totals();
  return Json{{"functions", totals.functions},
              {"versions", totals.versions},
              {"aliases", totals.aliases},
              {"pending_events", events_.size()}};
}

void LambdaService::retire(const std::vector<VersionHandle>& versions) {
  for (const VersionHandle& version : versions) {
    provisioned_.erase(version->serial);
    runner_.retire(*version);
  }
}

/// Packages that nobody holds any more go once the journal is settled, one collection at a time.
void LambdaService::collect_code() {
  if (collecting_) return;
  collecting_ = true;
  background_.spawn("collection of code", collect_when_settled());
}

Task<> LambdaService::collect_when_settled() {
  // Not inside the call that asked: that one may still hold what it has just taken out of the store.
  const boost::asio::any_io_executor loop = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
  co_await journal_.settled();
  // What is dropped from here on asks for a collection of its own.
  collecting_ = false;
  co_await codes_.collect();
  if (images_) co_await images_->collect();
}

std::size_t LambdaService::in_background() const {
  return events_.running() + mappings_->running() + runner_.running();
}

}  // namespace aviary::lambda
