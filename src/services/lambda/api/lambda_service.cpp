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
struct Operations {
  using S = LambdaService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddLayerVersionPermission", &S::add_layer_version_permission},
      {"AddPermission", &S::add_permission},
      {"CreateAlias", &S::create_alias},
      {"CreateEventSourceMapping", &S::create_event_source_mapping},
      {"CreateFunction", &S::create_function},
      {"DeleteAlias", &S::delete_alias},
      {"DeleteEventSourceMapping", &S::delete_event_source_mapping},
      {"DeleteFunction", &S::delete_function},
      {"DeleteLayerVersion", &S::delete_layer_version},
      {"GetAccountSettings", &S::get_account_settings},
      {"GetAlias", &S::get_alias},
      {"GetEventSourceMapping", &S::get_event_source_mapping},
      {"GetFunction", &S::get_function},
      {"GetFunctionConfiguration", &S::get_function_configuration},
      {"GetLayerVersion", &S::get_layer_version},
      {"GetLayerVersionByArn", &S::get_layer_version_by_arn},
      {"GetLayerVersionPolicy", &S::get_layer_version_policy},
      {"GetPolicy", &S::get_policy},
      {"Invoke", &S::invoke},
      {"InvokeAsync", &S::invoke_async},
      {"ListAliases", &S::list_aliases},
      {"ListEventSourceMappings", &S::list_event_source_mappings},
      {"ListFunctions", &S::list_functions},
      {"ListLayerVersions", &S::list_layer_versions},
      {"ListLayers", &S::list_layers},
      {"ListTags", &S::list_tags},
      {"ListVersionsByFunction", &S::list_versions_by_function},
      {"PublishLayerVersion", &S::publish_layer_version},
      {"PublishVersion", &S::publish_version},
      {"RemoveLayerVersionPermission", &S::remove_layer_version_permission},
      {"RemovePermission", &S::remove_permission},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"UpdateAlias", &S::update_alias},
      {"UpdateEventSourceMapping", &S::update_event_source_mapping},
      {"UpdateFunctionCode", &S::update_function_code},
      {"UpdateFunctionConfiguration", &S::update_function_configuration},
  };
  static OperationTable<S> table() { return {models::lambda::service, "Lambda", entries}; }
};

LambdaService::LambdaService(LambdaDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      journal_(d.journal),
      codes_(d.codes),
      runner_(d.runner),
      code_source_(d.code_source ? d.code_source : &no_code_source_),
      layer_source_(d.layer_source ? d.layer_source : &stored_layers_),
      workers_(d.workers),
      options_(std::move(d.options)),
      operations_(Operations::table()),
      store_(d.journal, options_.store),
      layers_(d.journal),
      stored_layers_(layers_),
      route_log_(options_.route_log_capacity),
      dispatcher_(store_, route_log_, d.router),
      events_(d.clock, d.executor, d.journal, dispatcher_, d.runner, d.ids),
      mappings_(std::make_unique<EventSourceMappings>(*this, d.clock, d.ids, d.journal, d.executor)),
      background_(d.executor) {
  mappings_->set_transition(options_.store.activation_delay);
}

LambdaService::~LambdaService() = default;

const models::Service& LambdaService::model() const { return models::lambda::service; }

Task<Result<Reply>> LambdaService::call(Call call) { return operations_.call(*this, std::move(call)); }

void LambdaService::restore() {
  store_.restore(codes_);
  layers_.restore(codes_);
  events_.restore();
  mappings_->engine().restore();
}

void LambdaService::reset() {
  mappings_->engine().clear();
  events_.clear();
  retire(store_.clear());
  layers_.clear();
  route_log_.clear();
  collect_code();
}

Task<> LambdaService::stop() {
  co_await mappings_->engine().stop();
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

std::vector<std::string_view> LambdaService::implemented_operations() { return Operations::table().names(); }

void LambdaService::retire(const std::vector<VersionHandle>& versions) {
  for (const VersionHandle& version : versions) runner_.retire(*version);
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
}

}  // namespace aviary::lambda
