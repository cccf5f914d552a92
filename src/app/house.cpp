#include "app/house.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <thread>

#include "app/launcher_options.hpp"
#include "app/parts.hpp"
#include "app/runtime_images.hpp"
#include "app/version.hpp"
#include "app/wiring/wiring.hpp"
#include "base/log.hpp"
#include "host/disk_body_store.hpp"
#include "host/disk_code_store.hpp"
#include "host/disk_image_store.hpp"
#include "host/machine_report.hpp"
#include "host/process_identity.hpp"
#include "host/runtime_client.hpp"
#include "host/sqlite_journal.hpp"
#include "http/default_words.hpp"
#include "ports/unawaited_journal.hpp"
#include "services/lambda/core/runtimes.hpp"

namespace aviary::app {
namespace {

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

execution::Options execution_options(Parts& parts) {
  const EmulatorOptions& options = parts.options;
  execution::Options chosen;
  chosen.base_url = parts.endpoint();
  if (options.enforce_iam)
    chosen.keys = [&parts](const lambda::Version& version) { return parts.iam_gate->function_keys(version); };
  chosen.account_concurrency = options.concurrency;
  chosen.max_environments = options.max_environments != 0
                                ? options.max_environments
                                : execution::environments_for_memory(host::usable_memory_bytes());
  chosen.concurrent_starts = std::max<std::size_t>(2, std::size_t{2} * std::thread::hardware_concurrency());
  chosen.idle_timeout = options.idle_timeout;
  if (!options.freeze) chosen.freeze_after.reset();
  chosen.allow_neighbour_runtime = !options.strict_runtimes;
  chosen.process_time = &host::machine_time;
  chosen.rested = &host::give_back_memory;
  chosen.architectures = host::runnable_architectures();
  if (!options.engine_runtime.empty())
    chosen.container_image = [runtimes = options.engine_runtime](std::string_view runtime) {
      return image_for_runtime(runtimes, runtime);
    };
  return chosen;
}

/// What is wrong with the options beyond what the command line's own checks see; empty if nothing is.
std::string problem_of(const EmulatorOptions& options) {
  for (const std::string& pair : options.access_key)
    if (pair.find(':') == std::string::npos) return fmt::format("--access-key is id:secret, not '{}'", pair);
  for (const std::string& pair : options.runtime_path) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || host::parse_runtime(pair.substr(0, equals)).first.empty())
      return fmt::format(
          "--runtime-path is RUNTIME=PROGRAM as python3.12=/opt/python/bin/python3.12, not '{}'", pair);
    if (!std::filesystem::exists(pair.substr(equals + 1)))
      return fmt::format("--runtime-path {}: there is no such program", pair);
  }
  for (const std::string& pair : options.runtime_client) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      return fmt::format(
          "--runtime-client is RUNTIME=FOLDER as nodejs=/path/node_modules/aws-lambda-ric, not '{}'", pair);
    std::string problem;
    const std::string family = host::family_named(pair.substr(0, equals));
    if (!host::client_command(family, pair.substr(equals + 1), problem))
      return fmt::format("--runtime-client {}: {}", pair, problem);
  }
  for (const std::string& root : options.hot_reload_root) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(root, ignored))
      return fmt::format("--hot-reload-root {}: there is no such folder", root);
  }
  for (const std::string& pair : options.engine_runtime) {
    const std::string name = pair.substr(0, pair.find('='));
    if (name != "all" && !lambda::check_runtime(name, lambda::RetiredRuntimes::Allowed))
      return fmt::format("--engine-runtime is RUNTIME, RUNTIME=IMAGE or all, not '{}'", pair);
  }
  for (const std::string& root : options.image_root) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(root, ignored))
      return fmt::format("--image-root {}: there is no such folder", root);
  }
  std::error_code unreadable;
  if (!options.ca_bundle.empty() && !std::filesystem::is_regular_file(options.ca_bundle, unreadable))
    return fmt::format("--ca-bundle {}: there is no such file", options.ca_bundle.string());
  if (!parse_clock_setting(options.clock))
    return fmt::format("--clock is real, scaled=N or manual, not '{}'", options.clock);
  if (Endpoints endpoints = parse_endpoints(options.endpoint); !endpoints.problem.empty())
    return endpoints.problem;
  if (!options.otlp.empty() && !http::parse_url(options.otlp))
    return fmt::format("--otlp is an http or https URL as http://127.0.0.1:4318, not '{}'", options.otlp);
  if (!lambda::parse_quotas(options.quotas))
    return fmt::format(
        "--quotas is aws, or as layers=8,environment=16,zipped=20,unzipped=500,provider-versions=200, not "
        "'{}'",
        options.quotas);
  if (!lambda::parse_request_rates(options.request_rates))
    return fmt::format(
        "--request-rates is off, aws, or as control-plane=30,get-function=100,get-policy=15,invoke=10, not "
        "'{}'",
        options.request_rates);
  if (!lambda::parse_router_settings(options.routing))
    return fmt::format("--routing does not know '{}'", options.routing);
  return {};
}

}  // namespace

Parts::Parts(boost::asio::io_context& io, const EmulatorOptions& chosen, std::uint64_t chosen_seed)
    : loop(io),
      options(chosen),
      seed(chosen_seed),
      clock(io.get_executor()),
      stopwatch(io.get_executor()),
      trust(std::make_shared<http::Trust>(chosen.ca_bundle)),
      request_ids(seed, "requests"),
      lambda_ids(seed, "lambda"),
      routing(seed, "router"),
      execution_ids(seed, "execution"),
      log_ids(seed, "logs"),
      trace_ids(seed, "traces"),
      codedeploy_ids(seed, "codedeploy"),
      s3_ids(seed, "s3"),
      body_names(host::random_seed(), "bodies"),
      identity_ids(seed, "identities"),
      secret_ids(seed, "secrets"),
      ssm_ids(seed, "systems manager"),
      stack_ids(seed, "stacks"),
      api_ids(seed, "apis"),
      workers(std::make_unique<host::WorkerThreads>(io.get_executor())),
      listeners(io.get_executor(), stopwatch),
      log_printer(chosen.plain_function_logs),
      happenings(clock),
      sqs_ids(seed, "sqs"),
      sns_ids(seed, "sns"),
      kinesis_ids(seed, "kinesis"),
      events_ids(seed, "events"),
      guard{chosen.allow_host, chosen.allow_origin},
      housekeeping(io.get_executor()),
      hooks(io.get_executor()) {}

void Parts::add(Service& service) {
  services.push_back(&service);
  gateway->add(service);
}

std::string Parts::endpoint() const {
  const bool any = options.address == "0.0.0.0" || options.address == "::";
  const bool six = options.address.find(':') != std::string::npos && !any;
  return fmt::format("http://{}:{}",
                     any   ? "127.0.0.1"
                     : six ? fmt::format("[{}]", options.address)
                           : options.address,
                     port);
}

Task<> Parts::reset() {
  runner->observations().settle();
  faults->clear();
  traffic->clear();
  tape->clear();
  traces.clear();
  tracer->reset();
  for (Service* service : services) service->reset();
  co_await runner->reset();
  journal->clear();
  co_await journal->settled();
  co_await codes->collect();
  co_await images->collect();
}

House::House(boost::asio::io_context& loop, const EmulatorOptions& options)
    : parts_(std::make_unique<Parts>(loop, options, options.seed ? *options.seed : host::random_seed())) {}

House::~House() = default;

std::uint16_t House::port() const noexcept { return parts_->port; }
std::string House::endpoint() const { return parts_->endpoint(); }

namespace {

std::optional<apigateway::ApiAddress> api_address(const Parts& parts, const wire::Request& request) {
  auto named = apigateway::named_address(request, *parts.api_domains);
  return named ? named : apigateway::api_address(request);
}

/// Every request that comes in: the guard first, then the emulator's own interface, then AWS's.
Task<wire::Response> answer_any(Parts& parts, wire::Request request) {
  // A function's URL is there for anybody's pages: its CORS says for which.
  if (auto address = lambda::url_address(request))
    co_return co_await parts.lambda->answer_url(std::move(request), std::move(*address));
  // So is an API.
  if (auto address = api_address(parts, request)) {
    if (parts.rest_apis->serves(address->id))
      co_return co_await parts.rest_apis->answer(std::move(request), std::move(*address));
    co_return co_await parts.apis->answer(std::move(request), std::move(*address));
  }
  if (const auto refusal = refuse_foreign(request, parts.guard)) co_return error_response(403, *refusal);
  if (parts.admin.owns(request.path())) {
    parts.runner->observations().settle();
    co_return co_await parts.admin.handle(std::move(request));
  }
  co_return co_await parts.gateway->handle(std::move(request));
}

/// Whether it is for an operation of AWS's that takes a large body as it comes: what `answer` would make of
/// it, for its head alone. S3 puts, and puts only.
bool takes_stream(const Parts& parts, const wire::Request& request) {
  return request.method == "PUT" && !lambda::url_address(request) && !api_address(parts, request) &&
         !parts.admin.owns(request.path()) && parts.gateway->takes_stream(request);
}

std::string open_state(Parts& parts) {
  const bool durable = !parts.options.data_dir.empty();
  auto folder = durable ? host::DataFolder::open(parts.options.data_dir) : host::DataFolder::temporary();
  if (!folder) return folder.error().text;
  parts.folder.emplace(std::move(*folder));
  if (!durable) {
    parts.journal = std::make_unique<NoJournal>();
  } else {
    auto journal = host::SqliteJournal::open(parts.folder->database(), parts.loop.get_executor());
    if (!journal) return journal.error().text;
    parts.journal = std::move(*journal);
  }
  parts.codes = std::make_unique<host::DiskCodeStore>(
      *parts.workers, host::CodePlaces{parts.folder->code(), parts.folder->unpacked(), durable},
      CodeLimits{.unzipped_bytes =
                     lambda::parse_quotas(parts.options.quotas).value_or(lambda::Quotas{}).unzipped_bytes});
  host::ImageStoreOptions images;
  for (const std::string& root : parts.options.image_root) images.roots.emplace_back(root);
  images.kept = parts.folder->images();
  images.unpacked = parts.folder->unpacked();
  images.durable = durable;
  images.limits.bytes = parts.options.image_size_mb << 20;
  parts.images = std::make_unique<host::DiskImageStore>(*parts.workers, std::move(images));
  parts.bodies = std::make_unique<host::DiskBodyStore>(*parts.workers, parts.body_names,
                                                       parts.folder->objects(), durable);
  return {};
}

/// A page that may call is told what its browser wants to hear. Functions' URLs and APIs tell their own.
Task<wire::Response> answer_page(Parts& parts, wire::Request request) {
  const std::string origin(request.header("origin"));
  const bool may_ask =
      !lambda::url_address(request) && !api_address(parts, request) && !refuse_foreign(request, parts.guard);
  if (may_ask)
    if (std::optional<wire::Response> allowed = answer_preflight(request)) co_return std::move(*allowed);
  auto work = answer_any(parts, std::move(request));
  wire::Response response = co_await std::move(work);
  if (may_ask) open_to_page(origin, response);
  co_return response;
}

Task<wire::Response> answer(Parts& parts, wire::Request request) {
  return request.has_header("origin") ? answer_page(parts, std::move(request))
                                      : answer_any(parts, std::move(request));
}

std::string start_listening(Parts& parts) {
  http::Options words;
  words.now = [&parts] { return parts.clock.now(); };
  words.refuse = [&parts](const http::Refused& refused) {
    return refused.why == http::Refusal::BodyTooLarge && !parts.admin.owns(refused.request.path())
               ? parts.gateway->refuse_size(refused.request)
               : http::default_words(refused);
  };
  words.takes_stream = [&parts](const wire::Request& request) { return takes_stream(parts, request); };
  http::Handler handler = [&parts](wire::Request request) { return answer(parts, std::move(request)); };
  parts.server = std::make_unique<http::Server>(parts.loop.get_executor(), parts.stopwatch,
                                                std::move(handler), http::Limits{}, std::move(words));
  const http::Server::Listening listening = parts.server->listen(parts.options.address, parts.options.port);
  parts.port = listening.port;
  if (!listening.problem.empty()) return listening.problem;
  if (!is_loopback(parts.options.address))
    log::warn("listening on {}: whoever reaches this address can run code on this machine",
              parts.options.address);
  return {};
}

void build_services(Parts& parts) {
  parts.live_folders =
      std::make_unique<host::HostLiveFolders>(*parts.workers, live_folder_options(parts.options));
  parts.catalog = std::make_unique<host::HostRuntimeCatalog>(catalog_options(parts.options));
  parts.launcher =
      host::make_launcher(parts.loop.get_executor(), launcher_options(parts.options, *parts.catalog));
  parts.engine = std::make_shared<engine::Engine>(parts.loop.get_executor(), parts.stopwatch,
                                                  engine_options(parts.options), host::process_identity());
  parts.launchers = std::make_unique<engine::EngineLauncher>(*parts.launcher, parts.engine, *parts.workers,
                                                             parts.folder->scratch() / "merged");
  parts.runner = std::make_unique<execution::Runner>(
      execution::Ports{parts.loop.get_executor(), *parts.launchers, *parts.catalog, *parts.codes, parts.clock,
                       parts.stopwatch, parts.execution_ids, parts.listeners, parts.live_folders.get(),
                       parts.images.get()},
      execution_options(parts));
  parts.runner->add_observer(parts.happenings);
  // Where time is driven, everything happens in the moment in which it happens.
  parts.runner->observations().defer_while(
      [&clock = parts.clock] { return clock.mode() == host::ClockMode::Real && !clock.driven(); });
  if (parts.options.log_functions) parts.runner->add_sink(parts.log_printer);
  GatewayOptions gateway_options;
  gateway_options.default_account = parts.options.account;
  gateway_options.default_region = parts.options.region;
  gateway_options.workers = parts.workers.get();
  if (!parts.options.access_key.empty() && !parts.options.enforce_iam) {
    gateway_options.authenticate = [keys = parse_access_keys(parts.options.access_key),
                                    &clock = parts.clock](const wire::Request& request) {
      return verify_signature(request, keys, clock.now());
    };
  }
  parts.gateway =
      std::make_unique<Gateway>(parts.clock, parts.request_ids, *parts.journal, std::move(gateway_options));
  add_s3(parts);
  add_tracing(parts);
  add_rehearsal(parts);
  add_lambda(parts);
  add_cloudwatch(parts);
  add_logs(parts);
  add_codedeploy(parts);
  add_sqs(parts);
  add_sns(parts);
  add_registry(parts);
  add_parameters(parts);
  add_outside(parts);
  add_kinesis(parts);
  add_events(parts);
  add_apigateway(parts);
  add_identity(parts);
  add_cloudformation(parts);
}

/// What servers that were killed left behind, while this one already answers.
Task<> clear_away(Parts& parts, std::vector<std::filesystem::path> folders) {
  auto remove = [folders = std::move(folders)] {
    host::ScratchFolder::remove_leftovers(folders);
    return true;
  };
  co_await parts.workers->run(remove);
}

/// The sandboxes' side is set up a moment after the start: neither the word that the server is ready nor its
/// first requests wait for it, and it is there before the first invocation. Also what says once that this
/// machine refuses sandboxes.
constexpr std::chrono::milliseconds prepare_after{50};

Task<> prepare_sandboxes(Parts& parts) {
  auto preparing = parts.launcher->prepare();
  const auto facts = co_await std::move(preparing);
  if (!facts)
    log::error("no sandbox can be made: {}: {}", facts.error().step,
               std::strerror(facts.error().error_number));
  auto clearing = parts.engine->remove_leftovers(&host::process_gone);
  co_await std::move(clearing);
}

}  // namespace

std::string House::open() {
  Parts& parts = *parts_;
  log::set_level(log::parse_level(parts.options.log_level, log::Level::Info));
  if (std::string problem = problem_of(parts.options); !problem.empty()) return problem;
  const std::optional<ClockSetting> clock = parse_clock_setting(parts.options.clock);
  parts.clock.set_mode(clock->mode, clock->speed);
  if (std::string problem = open_state(parts); !problem.empty()) return problem;
  if (std::string problem = start_listening(parts); !problem.empty()) return problem;
  build_services(parts);
  add_admin_routes(parts);
  add_clock_routes(parts);
  add_attach_routes(parts);
  add_deployment_routes(parts);
  add_rehearsal_routes(parts);
  add_trace_routes(parts);
  add_assert_routes(parts);
  add_canary_routes(parts);
  add_stack_routes(parts);
  for (Service* service : parts.services) service->restore();
  if (std::string problem = restore_rehearsal(parts); !problem.empty()) return problem;
  parts.preparing = parts.stopwatch.call_after(prepare_after, [&parts] {
    parts.preparing = 0;
    parts.housekeeping.spawn("prepare sandboxes", prepare_sandboxes(parts));
  });
  if (auto left = host::ScratchFolder::leftovers(); !left.empty())
    parts.housekeeping.spawn("leftovers of killed servers", clear_away(parts, std::move(left)));
  return {};
}

Task<> House::close(std::chrono::milliseconds grace) {
  Parts& parts = *parts_;
  if (parts.preparing != 0) parts.stopwatch.cancel(std::exchange(parts.preparing, 0));
  // Those that stand on others end first.
  if (parts.traffic) co_await parts.traffic->stop();
  if (parts.tape) co_await parts.tape->stop();
  for (std::size_t i = parts.services.size(); i-- > 0;) co_await parts.services[i]->stop();
  if (parts.runner) co_await parts.runner->shutdown(grace);
  if (parts.engine) co_await parts.engine->close();
  if (parts.trace_export) co_await parts.trace_export->stop();
  co_await parts.listeners.stop();
  if (parts.server) co_await parts.server->stop(grace);
  if (parts.logs) parts.logs->write_down();
  if (parts.cloudwatch) parts.cloudwatch->write_down();
  // A disk that refuses must not keep the server from ending; the journal tries once more when it closes.
  const std::chrono::nanoseconds until = parts.stopwatch.elapsed() + grace;
  while (parts.journal && !UnawaitedWrites(*parts.journal).is_written() && parts.stopwatch.elapsed() < until)
    co_await sleep_for(parts.stopwatch, std::chrono::milliseconds(5));
  parts.hooks.cancel();
  co_await parts.hooks.join();
  co_await parts.housekeeping.join();
}

}  // namespace aviary::app
