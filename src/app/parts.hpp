#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/admin.hpp"
#include "app/clock_setting.hpp"
#include "app/codedeploy_ties.hpp"
#include "app/delivery.hpp"
#include "app/event_targets.hpp"
#include "app/function_log_printer.hpp"
#include "app/function_logs.hpp"
#include "app/happenings.hpp"
#include "app/iam_gate.hpp"
#include "app/lambda_metrics.hpp"
#include "app/mapped_queues.hpp"
#include "app/mapped_streams.hpp"
#include "app/outside/outside_queues.hpp"
#include "app/outside/outside_streams.hpp"
#include "app/runtime_listeners.hpp"
#include "app/topic_subscribers.hpp"
#include "app/trace_export.hpp"
#include "app/trace_ring.hpp"
#include "aviary/emulator.hpp"
#include "engine/engine_launcher.hpp"
#include "execution/runner.hpp"
#include "execution/tracer.hpp"
#include "gateway/gateway.hpp"
#include "gateway/guard.hpp"
#include "gateway/signature.hpp"
#include "host/data_folder.hpp"
#include "host/kafka_client.hpp"
#include "host/live_folders.hpp"
#include "host/runtime_catalog.hpp"
#include "host/sandbox_launcher.hpp"
#include "host/system_clock.hpp"
#include "host/worker_threads.hpp"
#include "http/server.hpp"
#include "http/trust.hpp"
#include "ports/body_store.hpp"
#include "ports/code_store.hpp"
#include "ports/images.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/sandbox.hpp"
#include "ports/task_group.hpp"
#include "rehearsal/fault_rules.hpp"
#include "rehearsal/tape.hpp"
#include "rehearsal/traffic.hpp"
#include "services/apigateway/api/execute.hpp"
#include "services/apigateway/api/execute_rest.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/events/api/events_service.hpp"
#include "services/kinesis/api/kinesis_service.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/kafka_batch.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/s3/api/control_service.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/sns/api/sns_service.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::app {

/// Everything that one emulator consists of, in the order in which each stands on the one before.
struct Parts {
  Parts(boost::asio::io_context& io, const EmulatorOptions& chosen, std::uint64_t seed);

  boost::asio::io_context& loop;
  EmulatorOptions options;
  std::uint64_t seed;
  std::uint16_t port = 0;

  host::SystemClock clock;
  host::SystemStopwatch stopwatch;
  std::shared_ptr<http::Trust> trust;  ///< in other servers' certificates
  SeededRandom request_ids;
  SeededRandom lambda_ids;
  SeededRandom routing;
  SeededRandom execution_ids;
  SeededRandom log_ids;
  SeededRandom trace_ids;
  SeededRandom codedeploy_ids;
  SeededRandom s3_ids;
  SeededRandom body_names;
  SeededRandom identity_ids;
  SeededRandom secret_ids;
  SeededRandom ssm_ids;
  SeededRandom stack_ids;
  SeededRandom api_ids;
  std::unique_ptr<host::WorkerThreads> workers;
  std::optional<host::DataFolder> folder;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<CodeStore> codes;
  std::unique_ptr<BodyStore> bodies;
  std::unique_ptr<LiveFolders> live_folders;
  std::unique_ptr<ImageStore> images;
  std::unique_ptr<Kafka> kafka;
  lambda::SecretSource* secrets = nullptr;  ///< Secrets Manager, for event source mappings
  std::unique_ptr<host::HostLauncher> launcher;
  std::shared_ptr<engine::Engine> engine;
  std::unique_ptr<engine::EngineLauncher> launchers;  ///< sandboxes and containers
  std::unique_ptr<host::HostRuntimeCatalog> catalog;
  RuntimeListeners listeners;
  FunctionLogPrinter log_printer;
  std::unique_ptr<rehearsal::FaultRules> faults;
  std::unique_ptr<execution::Runner> runner;
  TraceRing traces;
  std::unique_ptr<TraceExport> trace_export;  ///< null: traces are not sent anywhere
  std::unique_ptr<execution::Tracer> tracer;  ///< in front of the runner
  std::unique_ptr<rehearsal::Tape> tape;      ///< between Lambda and the tracer
  std::unique_ptr<rehearsal::Traffic> traffic;
  std::size_t clock_holds = 0;  ///< invokes that belong to the moment at which a driven clock stands
  Delivery delivery;            ///< filled by those that take messages in
  Happenings happenings;
  std::map<std::string, StateProbe, std::less<>> probes;  ///< by kind; what the clock can be driven until
  std::unique_ptr<lambda::Messenger> lambda_messenger;
  std::unique_ptr<s3::EventTarget> s3_events;
  std::unique_ptr<s3::S3Service> s3;
  std::unique_ptr<s3::ControlService> s3_control;
  std::unique_ptr<lambda::CodeSource> lambda_code;
  std::unique_ptr<lambda::LambdaService> lambda;
  std::unique_ptr<cloudwatch::AlarmActions> alarm_actions;
  std::unique_ptr<cloudwatch::CloudWatchService> cloudwatch;
  SeededRandom sqs_ids;
  std::unique_ptr<sqs::SqsService> sqs;
  std::unique_ptr<MappedQueues> mapped_queues;
  SeededRandom sns_ids;
  std::unique_ptr<TopicSubscribers> topic_subscribers;
  std::unique_ptr<sns::SnsService> sns;
  SeededRandom kinesis_ids;
  std::unique_ptr<kinesis::KinesisService> kinesis;
  std::unique_ptr<MappedStreams> mapped_streams;
  std::vector<std::unique_ptr<OutsideStreams>> outside_streams;
  std::unique_ptr<OutsideQueues> outside_queues;
  SeededRandom events_ids;
  std::unique_ptr<EventTargets> event_targets;
  std::unique_ptr<events::EventsService> events;
  std::unique_ptr<LambdaMetrics> lambda_metrics;
  std::unique_ptr<logs::MetricSink> log_metrics;
  std::unique_ptr<logs::SubscriptionTarget> log_subscribers;
  std::unique_ptr<logs::LogsService> logs;
  std::unique_ptr<FunctionLogs> function_logs;
  std::unique_ptr<CodeDeployTies> codedeploy_ties;
  std::unique_ptr<codedeploy::RevisionSource> revisions;
  std::unique_ptr<codedeploy::CodeDeployService> codedeploy;
  std::unique_ptr<apigateway::Domains> api_domains;
  std::unique_ptr<apigateway::Functions> api_functions;
  std::unique_ptr<apigateway::Execute> apis;
  std::unique_ptr<apigateway::Upstreams> api_upstreams;
  std::unique_ptr<apigateway::RestExecute> rest_apis;
  /// True when nothing works on a stack (by its ARN) any more; false when the server ends before.
  std::function<Task<bool>(std::string id)> stack_rests;
  std::vector<std::unique_ptr<Service>> others;  ///< those that nothing needs by their own type
  std::unique_ptr<sts::Sessions> sessions;
  std::unique_ptr<IamGate> iam_gate;  ///< null: policies are not enforced
  std::unique_ptr<Gateway> gateway;
  std::vector<Service*> services;  ///< in the order in which they stand on each other
  GuardOptions guard;
  Admin admin;
  std::unique_ptr<http::Server> server;
  TaskGroup housekeeping;
  TaskGroup hooks;        ///< requests that alarms send out
  TimerId preparing = 0;  ///< runs out shortly after the start

  /// Takes a service among those that are served, restored, reset and stopped.
  void add(Service& service);
  /// As a local client reaches the server: `http://127.0.0.1:4566`.
  std::string endpoint() const;
  /// All state gone, all processes ended.
  Task<> reset();
};

/// Fills the table of the emulator's own interface (admin_routes.cpp). `parts` outlives the table.
void add_admin_routes(Parts& parts);
/// `/_aviary/clock` (clock_routes.cpp).
void add_clock_routes(Parts& parts);
/// `/_aviary/attach` (attach_routes.cpp).
void add_attach_routes(Parts& parts);
/// `/_aviary/deployments` (deployment_routes.cpp).
void add_deployment_routes(Parts& parts);
/// `/_aviary/faults`, `traffic`, `recordings`, `shadows` (rehearsal_routes.cpp).
void add_rehearsal_routes(Parts& parts);
/// `/_aviary/traces` (trace_routes.cpp).
void add_trace_routes(Parts& parts);
/// `/_aviary/assert` (assert_routes.cpp).
void add_assert_routes(Parts& parts);
/// `/_aviary/stacks`, `/_aviary/artifacts` (stack_routes.cpp).
void add_stack_routes(Parts& parts);
/// `/_aviary/canaries`, `/_aviary/prune` (canary_routes.cpp).
void add_canary_routes(Parts& parts);

}  // namespace aviary::app
