#include "simulation/deployments/cloud.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "models/lambda.hpp"
#include "support/run_task.hpp"
#include "wire/protocol.hpp"

namespace aviary::simulation {
namespace {

constexpr const char* account = "123456789012";
constexpr const char* region = "us-east-1";
constexpr const char* function_name = "order-processor";

}  // namespace

Cloud::Cloud(std::uint64_t seed)
    : chance(seed, "chance"),
      seed_(seed),
      lambda_ids_(seed, "lambda"),
      router_(seed, "router"),
      codedeploy_ids_(seed, "codedeploy") {
  runner.answer = [this](const lambda::Invocation& invocation) -> Result<lambda::Outcome> {
    if (invocation.version->function_name != function_name) {
      if (const auto problem = hook ? hook(Json::parse(invocation.payload)) : std::nullopt)
        return AwsError(wire::errors::InternalFailure, *problem);
      return lambda::Outcome{.payload = "null"};
    }
    lambda::Outcome outcome{.payload = "\"done\""};
    const auto fault = faulty_ ? faults->draw(invocation) : nullptr;
    if (!fault || fault->kind == execution::Fault::Kind::None) return outcome;
    if (fault->kind == execution::Fault::Kind::Throttle)
      return AwsError(models::lambda::errors::TooManyRequestsException, "Rate Exceeded.");
    outcome.function_error = "Unhandled";
    return outcome;
  };
  start();
}

Cloud::~Cloud() { end(); }

void Cloud::start() {
  faults = std::make_unique<rehearsal::FaultRules>(
      rehearsal::FaultRules::Surroundings{.seed = seed_,
                                          .clock = clock,
                                          .journal = journal_,
                                          .pace = [] { return 0.0; },
                                          .changed = [this](bool any) { faulty_ = any; }});
  tasks_ = std::make_unique<TaskGroup>(loop.get_executor());
  lambda =
      std::make_unique<lambda::LambdaService>(lambda::LambdaDependencies{.clock = clock,
                                                                         .ids = lambda_ids_,
                                                                         .router = router_,
                                                                         .journal = journal_,
                                                                         .codes = codes_,
                                                                         .runner = runner,
                                                                         .executor = loop.get_executor()});
  cloudwatch = std::make_unique<cloudwatch::CloudWatchService>(
      cloudwatch::CloudWatchDependencies{.clock = clock, .journal = journal_});
  cloudwatch::Alarms& alarms = cloudwatch->alarms();
  ties_ = std::make_unique<app::CodeDeployTies>(app::CodeDeployTies::Owners{.lambda = *lambda,
                                                                            .alarms = alarms,
                                                                            .delivery = delivery_,
                                                                            .clock = clock,
                                                                            .lambda_ids = lambda_ids_,
                                                                            .tasks = *tasks_});
  codedeploy = std::make_unique<codedeploy::CodeDeployService>(
      codedeploy::CodeDeployDependencies{.clock = clock,
                                         .ids = codedeploy_ids_,
                                         .journal = journal_,
                                         .aliases = *ties_,
                                         .hooks = *ties_,
                                         .alarms = *ties_,
                                         .triggers = ties_.get()});
  alarms.subscribe([this](const cloudwatch::AlarmEvent& event) {
    if (event.to == cloudwatch::AlarmState::Alarm)
      codedeploy->deployments().on_alarm({event.scope.account, event.scope.region}, event.name, event.at);
  });
}

void Cloud::end() {
  testing::run_task(loop, codedeploy->stop());
  testing::run_task(loop, cloudwatch->stop());
  testing::run_task(loop, lambda->stop());
  testing::run_task(loop, tasks_->join());
  codedeploy.reset();
  ties_.reset();
  cloudwatch.reset();
  lambda.reset();
  tasks_.reset();
  faults.reset();
  faulty_ = false;
}

void Cloud::restart() {
  end();
  start();
  lambda->restore();
  cloudwatch->restore();
  codedeploy->restore();
  faults->restore();
  settle();
}

void Cloud::settle() {
  loop.restart();
  loop.poll();
}

void Cloud::pass(Duration time) {
  clock.advance(time, [this] { settle(); });
  settle();
}

Result<Reply> Cloud::call(Service& service, std::string_view operation, Json input) {
  wire::Request http;
  Call made{.operation = service.model().find_operation(operation),
            .account = account,
            .region = region,
            .request_id = "r",
            .now = clock.now(),
            .input = std::move(input),
            .payload = {},
            .http = &http,
            .base_url = {}};
  return testing::run_task(loop, service.call(std::move(made)));
}

Json Cloud::ok(Service& service, std::string_view operation, Json input) {
  Result<Reply> reply = call(service, operation, std::move(input));
  if (!reply) throw std::logic_error(fmt::format("{}: {}", operation, reply.error().message));
  return std::move(reply->output);
}

std::string Cloud::invoke_alias() {
  lambda::NeighbourCall invoke{
      .caller = {account, region}, .function = fmt::format("{}:prod", function_name), .payload = "{}"};
  const Result<lambda::NeighbourOutcome> outcome =
      testing::run_task(loop, lambda->invoke_for_neighbour(std::move(invoke)));
  if (!outcome && outcome.error().shape->status == 429) return {};
  if (!outcome) throw std::logic_error(outcome.error().message);
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
  cloudwatch->put_metric({.account = account, .region = region},
                         {"AWS/Lambda", "Errors", {{"FunctionName", function_name}}}, "Count", false,
                         {.at = now, .value = outcome->outcome.function_error.empty() ? 0.0 : 1.0});
  return outcome->executed_version;
}

std::string Cloud::share() {
  const auto found = ties_->find({account, region}, function_name, "prod");
  if (!found.routing) return "no alias";
  if (!found.routing->splits()) return found.routing->version;
  return fmt::format("{}+{}@{:.0f}", found.routing->version, found.routing->additional_version,
                     found.routing->additional_weight * 100);
}

const codedeploy::Deployment& Cloud::deployment(const std::string& id) const {
  return *codedeploy->deployments().find_anywhere(id);
}

}  // namespace aviary::simulation
