#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/code_store.hpp"
#include "ports/journal.hpp"
#include "ports/live_folders.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "ports/worker_pool.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/layers_source.hpp"
#include "services/lambda/api/response_pump.hpp"
#include "services/lambda/api/sources.hpp"
#include "services/lambda/core/account_documents.hpp"
#include "services/lambda/core/concurrency.hpp"
#include "services/lambda/core/dispatcher.hpp"
#include "services/lambda/core/event_observer.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "services/lambda/core/function_store.hpp"
#include "services/lambda/core/layers.hpp"
#include "services/lambda/core/messenger.hpp"
#include "services/lambda/core/policy_check.hpp"
#include "services/lambda/core/quotas.hpp"
#include "services/lambda/core/request_rates.hpp"
#include "services/lambda/core/route_log.hpp"
#include "services/lambda/core/runtimes.hpp"
#include "services/lambda/jobs/durable_engine.hpp"
#include "services/lambda/jobs/event_queue.hpp"

namespace aviary::lambda {

class EventSourceMappings;

struct LambdaOptions {
  StoreOptions store{};
  std::size_t route_log_capacity = 10'000;   ///< decisions kept, of all aliases together
  std::int64_t concurrency = 1000;           ///< of an account; what GetAccountSettings tells
  std::uint64_t code_storage = 80530636800;  ///< bytes of packages, of an account in a region
  Quotas quotas{};                           ///< of each function
  RetiredRuntimes retired_runtimes = RetiredRuntimes::Refused;
  RequestRateLimits request_rates{};  ///< what is taken in a second
  bool enforce_permissions = false;   ///< resource policies decide who may invoke
  /// Whether a request to a URL that asks for a signature is signed well; empty: any signature will do.
  std::function<bool(const wire::Request&)> authenticate{};
  /// Likewise whether its signer may invoke the function of that ARN; empty: whoever signs may.
  std::function<Task<Result<>>(const wire::Request&, std::string)> authorize_url{};
};

/// Everything that the service takes from outside; all of it outlives the service.
struct LambdaDependencies {
  Clock& clock;
  Random& ids;     ///< revision ids, trace ids
  Random& router;  ///< the stream that aliases draw from, and nothing else
  Journal& journal;
  CodeStore& codes;
  FunctionRunner& runner;
  boost::asio::any_io_executor executor;  ///< the loop
  CodeSource* code_source = nullptr;      ///< null: no bucket exists
  LayerSource* layer_source = nullptr;    ///< null: the layers that are published here
  WorkerPool* workers = nullptr;          ///< for large payloads; null: they are checked on the loop
  LiveFolders* live_folders = nullptr;    ///< null: no hot reload
  ImageStore* images = nullptr;           ///< null: no images on disk
  Messenger* messenger = nullptr;         ///< to destinations and dead-letter queues; null: none is reached
  LambdaOptions options{};
};

/// Refuses code that is too large together with its layers (code_input.cpp).
Result<> check_unzipped_size(const Contents& contents, const Quotas& quotas);

/// An invoke that another part of the emulator asks for: a queue's poller, a deployment's hook, an alarm.
struct NeighbourCall {
  Scope caller;
  std::string function;  ///< a name or an ARN, with or without a qualifier
  std::string payload;   ///< JSON
  /// Through an alias: draw by its weights, as any invoke does; else its primary version runs, as with event
  /// source mappings.
  bool draw = true;
  /// A durable function may take longer than the 15 minutes of a caller who waits.
  bool patient = false;
  std::string trace_id{};   ///< empty: a new one
  std::string tenant_id{};  ///< see `Invocation::tenant_id`
  /// Where permissions are enforced: the service that calls (`sns.amazonaws.com`) and what it acts for.
  /// Without a service it is the function's owner who calls.
  std::string service{};
  std::string source_arn{};
  /// Whose headers a sticky alias may go by; null: none. Lives until the answer.
  const wire::Request* http = nullptr;
};
struct NeighbourOutcome {
  std::string request_id;
  std::string executed_version;
  Outcome outcome;
};

/// A request to a function's URL: by `Host` (`<id>.lambda-url.<region>.localhost`) or by path
/// (`/_aviary/lambda-url/<id>/…`). `target` is path and query as the function is to see them, a view into the
/// request's own.
struct UrlAddress {
  std::string id;
  std::string_view target;
};
std::optional<UrlAddress> url_address(const wire::Request& request);

/// AWS Lambda as the gateway sees it. Owns all state of the service; lives on the loop's thread.
class LambdaService final : public TableService<LambdaService> {
 public:
  explicit LambdaService(LambdaDependencies dependencies);
  ~LambdaService() override;

  Task<Result<Reply>> call(Call call) override;

  /// Reads state back from the journal; once, before the first call. Events that were accepted start to run.
  void restore() override;
  /// Forgets everything and lets go of every environment. Whoever resets the emulator clears the journal.
  void reset() override;
  /// No background work starts any more; completes when none is left. Before destruction.
  Task<> stop() override;

  // For the rest of the emulator (neighbour_invoke.cpp).
  /// Runs the function and waits for it. Errors: no such function, throttled, cannot run at all.
  Task<Result<NeighbourOutcome>> invoke_for_neighbour(NeighbourCall call);
  /// Takes an asynchronous event and answers its request id; the event is kept, retried, and ends as Event
  /// invokes do. `draw` has no effect: an event is routed when it runs.
  Result<std::string> accept_from_neighbour(NeighbourCall call);

  /// What is sent to functions' URLs, open to every page as the function's CORS says (url_invoke.cpp).
  Task<wire::Response> answer_url(wire::Request request, UrlAddress address);

  /// Invocations that run and that no client waits for: asynchronous events, batches of mappings.
  std::size_t in_background() const;
  void add_event_observer(EventObserver& observer) { events_.add_observer(observer); }

  // For the emulator's own interface, below `/_aviary/`.
  /// See `RouteLog::report`.
  Json routes(std::string_view alias, std::size_t limit = 100) const {
    return route_log_.report(alias, limit);
  }
  /// See `RouteLog::picked`.
  std::map<std::string, std::uint64_t> picked(std::string_view alias_arn, std::string_view version) const {
    return route_log_.picked(alias_arn, version);
  }
  /// How one alias draws from now on; nothing: as the service does. `alias` is an ARN or `name:alias`.
  Result<> set_router(const Scope& scope, std::string_view alias, std::optional<RouterSettings> settings);
  /// The zip behind `Code.Location`: the last part of `/_aviary/code/<digest>`, hexadecimal.
  Task<std::optional<std::string>> code_package(std::string hex_digest);
  /// What there is: `{"functions", "versions", "aliases", "pending_events"}`.
  Json counts() const override;
  FunctionStore& store() noexcept { return store_; }
  /// Queues and streams that run functions; see event_source_mappings.hpp.
  EventSourceMappings& mappings() noexcept { return *mappings_; }

  /// The operations that are answered, in the order of the model. The others say that they are still to come.
  static OperationTable<LambdaService> operations();

 private:
  using Answer = Task<Result<Reply>>;

  // create_function.cpp, update_function.cpp
  Answer create_function(Call call);
  Answer update_function_code(Call call);
  Result<Reply> update_function_configuration(Call& call);
  // functions.cpp
  Result<Reply> get_function(Call& call);
  Result<Reply> get_function_configuration(Call& call);
  Result<Reply> list_functions(Call& call);
  Result<Reply> delete_function(Call& call);
  Result<Reply> get_account_settings(Call& call);
  // versions.cpp
  Answer publish_version(Call call);
  Result<Reply> list_versions_by_function(Call& call);
  // aliases.cpp
  Result<Reply> create_alias(Call& call);
  Result<Reply> get_alias(Call& call);
  Result<Reply> update_alias(Call& call);
  Result<Reply> delete_alias(Call& call);
  Result<Reply> list_aliases(Call& call);
  // invoke.cpp
  Answer invoke(Call call);
  Answer invoke_async(Call call);
  // concurrency.cpp, provisioned_concurrency.cpp
  Result<Reply> put_function_concurrency(Call& call);
  Result<Reply> get_function_concurrency(Call& call);
  Result<Reply> delete_function_concurrency(Call& call);
  Result<Reply> put_provisioned_concurrency_config(Call& call);
  Result<Reply> get_provisioned_concurrency_config(Call& call);
  Result<Reply> delete_provisioned_concurrency_config(Call& call);
  Result<Reply> list_provisioned_concurrency_configs(Call& call);
  // event_invoke.cpp, recursion.cpp
  Result<Reply> put_function_event_invoke_config(Call& call);
  Result<Reply> update_function_event_invoke_config(Call& call);
  Result<Reply> get_function_event_invoke_config(Call& call);
  Result<Reply> delete_function_event_invoke_config(Call& call);
  Result<Reply> list_function_event_invoke_configs(Call& call);
  Result<Reply> put_function_recursion_config(Call& call);
  Result<Reply> get_function_recursion_config(Call& call);
  // function_urls.cpp
  Result<Reply> create_function_url_config(Call& call);
  Result<Reply> update_function_url_config(Call& call);
  Result<Reply> get_function_url_config(Call& call);
  Result<Reply> delete_function_url_config(Call& call);
  Result<Reply> list_function_url_configs(Call& call);
  // code_signing.cpp
  Result<Reply> create_code_signing_config(Call& call);
  Result<Reply> get_code_signing_config(Call& call);
  Result<Reply> update_code_signing_config(Call& call);
  Result<Reply> delete_code_signing_config(Call& call);
  Result<Reply> list_code_signing_configs(Call& call);
  Result<Reply> list_functions_by_code_signing_config(Call& call);
  Result<Reply> put_function_code_signing_config(Call& call);
  Result<Reply> get_function_code_signing_config(Call& call);
  Result<Reply> delete_function_code_signing_config(Call& call);
  // capacity_providers.cpp, runtime_management.cpp
  Result<Reply> create_capacity_provider(Call& call);
  Result<Reply> get_capacity_provider(Call& call);
  Result<Reply> update_capacity_provider(Call& call);
  Result<Reply> delete_capacity_provider(Call& call);
  Result<Reply> list_capacity_providers(Call& call);
  Result<Reply> list_function_versions_by_capacity_provider(Call& call);
  void restore_scaling(const Function& function);
  bool apply_scaling(Function& function, const Snapshot& snapshot);
  Result<Reply> put_function_scaling_config(Call& call);
  Result<Reply> get_function_scaling_config(Call& call);
  Result<Reply> put_runtime_management_config(Call& call);
  Result<Reply> get_runtime_management_config(Call& call);
  // durable_executions.cpp
  Result<Reply> checkpoint_durable_execution(Call& call);
  Result<Reply> get_durable_execution(Call& call);
  Result<Reply> get_durable_execution_history(Call& call);
  Result<Reply> get_durable_execution_state(Call& call);
  Result<Reply> list_durable_executions_by_function(Call& call);
  Result<Reply> stop_durable_execution(Call& call);
  Result<Reply> send_durable_execution_callback_success(Call& call);
  Result<Reply> send_durable_execution_callback_failure(Call& call);
  Result<Reply> send_durable_execution_callback_heartbeat(Call& call);
  // permissions.cpp
  Result<Reply> add_permission(Call& call);
  Result<Reply> remove_permission(Call& call);
  Result<Reply> get_policy(Call& call);
  // mapping_operations.cpp
  Task<Result<Reply>> create_event_source_mapping(Call call);
  Result<Reply> get_event_source_mapping(Call& call);
  Result<Reply> list_event_source_mappings(Call& call);
  Result<Reply> update_event_source_mapping(Call& call);
  Result<Reply> delete_event_source_mapping(Call& call);
  // tags.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags(Call& call);
  // layers.cpp, layers_permissions.cpp
  Answer publish_layer_version(Call call);
  Result<Reply> list_layers(Call& call);
  Result<Reply> list_layer_versions(Call& call);
  Result<Reply> get_layer_version(Call& call);
  Result<Reply> get_layer_version_by_arn(Call& call);
  Result<Reply> delete_layer_version(Call& call);
  Result<Reply> add_layer_version_permission(Call& call);
  Result<Reply> remove_layer_version_permission(Call& call);
  Result<Reply> get_layer_version_policy(Call& call);

  Moment moment() const { return {.now = clock_.now(), .ids = ids_}; }
  /// The package that `members` (FunctionCode, or UpdateFunctionCode's input) name: null for an image.
  /// `is_signed`, where it is given, is told whether the package carries a signature; it outlives the call.
  Task<Result<CodeHandle>> load_code(Scope caller, Json members, std::string signing_config,
                                     bool* is_signed = nullptr);
  /// `hot-reload` in place of a bucket: the folder that S3Key names, as it lies there.
  Result<CodeHandle> live_folder(const Json& members) const;
  /// An image on disk, taken in now (image_input.cpp).
  Task<Result<CodeHandle>> take_image(std::string image_uri, std::string architecture);
  /// What lies in the folder now, as a package: versions are immutable.
  Task<Result<CodeHandle>> pack(CodeHandle live);
  Result<> check_signature(const Scope& scope, std::string_view config_arn, bool is_signed) const;
  /// The same for layers that a function is given; those that it has already were let in before.
  Result<> check_layer_signatures(const Scope& caller, std::string_view config_arn,
                                  const std::vector<std::string>& layers,
                                  const std::vector<std::string>& before) const;
  /// The code-signing configuration that a function holds to; empty: none.
  std::string signing_of(const Function& function) const;
  /// The packages of the layers that a configuration names, with all checks that concern layers.
  Result<std::vector<CodeHandle>> load_layers(const Scope& caller, const Configuration& configuration);
  /// A layer version of the caller's, or one whose policy lets the caller have it; else null.
  const PublishedLayer* reachable_layer(const Call& call, const LayerReference& layer,
                                        std::uint64_t number) const;
  /// Whether so many more bytes of packages may be kept: 400 CodeStorageExceededException.
  Result<> check_code_storage(const Scope& scope, std::uint64_t more) const;
  Result<CodeHandle> checked(CodeStore::Result<CodeHandle> stored) const;
  Task<std::optional<std::string>> payload_problem(std::shared_ptr<const std::string> payload);
  ConcurrencyRules concurrency_rules() const;
  Result<Function*> provisionable(const Target& target, bool putting);
  Provisioned provisioning_of(const Function& function, const std::string& qualifier) const;
  void provision(const Function& function, bool again);
  Result<Reply> set_event_config(Call& call, bool merge);
  Result<> check_destinations(const Target& target, const Json& input);
  Result<std::string> counted_trace(const Scope& scope, const std::string& name, std::string trace);
  void accept_event(Event event);
  /// Refuses what cannot be invoked so: a durable function without a qualifier, or one that may take longer
  /// than who waits for it (durable_executions.cpp).
  Result<> check_durable(const Version& version, std::string_view qualifier, bool waits,
                         std::string_view name = {}) const;
  /// Of an event whose function is durable: starts it; nothing otherwise.
  Result<> start_if_durable(Event& event, std::string name = {});
  Task<Result<Outcome>> call_chained(ChainedCall call);
  const Json* tagged_document(const Call& call);
  void retag(const Call& call, Json document, Json tags);
  void index_urls(const Function& function);
  // invoke_stream.cpp, url_stream.cpp
  Answer stream_response(Invocation invocation);
  Task<> run_streamed(Invocation invocation, std::shared_ptr<StreamedRun> run);
  Task<wire::Response> stream_url(Invocation invocation);
  Task<wire::Response> run_url(const wire::Request& request, UrlAddress address, std::string request_id);
  /// Where permissions are enforced: whether the caller may run this; 403 AccessDeniedException.
  Result<> check_permission(const Scope& scope, const std::string& name, const std::string& qualifier,
                            const Caller& caller);
  void retire_replaced(const VersionHandle& before, const Snapshot& now);
  /// Of a version that waits for its snapshot (versions.cpp).
  void begin_snapshot(const Snapshot& published);
  void restore_snapshot(const Snapshot& restored);
  Task<> make_snapshot(VersionHandle version);
  void retire(const std::vector<VersionHandle>& versions);
  void collect_code();
  Task<> collect_when_settled();

  Clock& clock_;
  Random& ids_;
  Journal& journal_;
  CodeStore& codes_;
  CodeSource* code_source_;
  LayerSource* layer_source_;
  WorkerPool* workers_;
  LiveFolders* live_folders_;
  ImageStore* images_;
  NoMessenger no_messenger_;
  LambdaOptions options_;
  NoCodeSource no_code_source_;
  FunctionStore store_;
  LayerStore layers_;
  StoredLayerSource stored_layers_;
  RouteLog route_log_;
  RequestRates rates_;
  Dispatcher dispatcher_;
  DurableEngine runner_;  ///< in front of who runs function code: it is all that the service knows of it
  EventQueue events_;
  std::unique_ptr<EventSourceMappings> mappings_;
  AccountDocuments code_signing_;
  AccountDocuments capacity_;
  /// What the runner was last told to keep ready, by the version's serial.
  struct ToldToProvision {
    VersionHandle version;
    std::size_t count = 0;
  };
  std::map<std::uint64_t, ToldToProvision> provisioned_;
  struct UrlOwner {
    Scope scope;
    std::string function;
    std::string qualifier;
  };
  std::map<std::string, UrlOwner, std::less<>> urls_;  ///< by the URL's id
  TaskGroup background_;
  bool collecting_ = false;
};

}  // namespace aviary::lambda
