#include "services/lambda/api/event_source_mappings.hpp"

#include <fmt/format.h>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/kafka_input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/mapping_input.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/tenancy.hpp"
#include "wire/protocol.hpp"

namespace aviary::lambda {
namespace {

constexpr int small_batch = 10;

/// Seen with live mappings, as what makes tools wait and try again ("Rapid creation and deletion…").
AwsError mapping_in_use(std::string_view what) {
  return {models::lambda::errors::ResourceInUseException,
          fmt::format("Cannot {} the event source mapping because it is in use.", what)};
}

/// Counts one until it goes, however that comes.
struct RunningBatch {
  std::size_t& count;
  ~RunningBatch() { --count; }
};

std::string source_service_in(std::string_view arn) {
  const std::size_t partition = arn.find(':', 4);
  if (partition == std::string_view::npos) return {};
  const std::size_t end = arn.find(':', partition + 1);
  return std::string(arn.substr(partition + 1, end - partition - 1));
}

}  // namespace

EventSourceMappings::EventSourceMappings(LambdaService& lambda, Clock& clock, Random& ids, Journal& journal,
                                         boost::asio::any_io_executor executor, Messenger& messenger)
    : lambda_(lambda),
      clock_(clock),
      ids_(ids),
      engine_(clock, std::move(executor), journal, *this, ids, messenger) {}

std::string EventSourceMappings::role_of(const Scope& scope, std::string_view function,
                                         std::string_view qualifier) {
  const Moment moment{.now = clock_.now(), .ids = ids_};
  const Function* found = lambda_.store().find(scope, std::string(function), moment);
  const Snapshot* version = found ? lambda_.store().find_qualified(*found, std::string(qualifier)) : nullptr;
  return version ? version->version->configuration->role : std::string();
}

Task<BatchOutcome> EventSourceMappings::run_batch(Scope caller, std::string function, std::string payload) {
  NeighbourCall call;
  call.caller = std::move(caller);
  call.function = std::move(function);
  call.payload = std::move(payload);
  call.draw = weighted_;
  const RunningBatch running{++running_};
  Result<NeighbourOutcome> ran = co_await lambda_.invoke_for_neighbour(std::move(call));
  BatchOutcome outcome;
  if (!ran) {
    const AwsError& error = ran.error();
    outcome.kind = error.shape->status == 429 ? BatchOutcome::Kind::Throttled : BatchOutcome::Kind::Refused;
    outcome.problem = error.message;
    co_return outcome;
  }
  outcome.request_id = std::move(ran->request_id);
  outcome.version = std::move(ran->executed_version);
  outcome.payload = std::move(ran->outcome.payload);
  if (!ran->outcome.function_error.empty()) {
    outcome.kind = BatchOutcome::Kind::Failed;
    outcome.problem = outcome.payload.substr(0, 1000);
    outcome.function_error = std::move(ran->outcome.function_error);
  }
  co_return outcome;
}

/// The function as it was written: a version or an alias in its name is followed from now on.
Result<> EventSourceMappings::set_function(EventSourceMapping& mapping, const Call& call) {
  const Scope caller{.account = call.account, .region = call.region};
  const Result<FunctionReference> reference =
      resolve_function_reference(text_of(call.input, "FunctionName"), {}, caller);
  if (!reference) return reference.error();
  Scope home = caller;
  if (!reference->account.empty()) home.account = reference->account;
  const Moment moment{.now = call.now, .ids = ids_};
  const Function* function = lambda_.store().find(home, reference->name, moment);
  if (!function || !lambda_.store().find_qualified(*function, reference->qualifier))
    return invalid_parameter("Function does not exist");
  if (isolates_tenants(*function->latest.version->configuration))
    return not_with_tenancy("An event source mapping");
  mapping.scope = home;
  mapping.function = reference->name;
  mapping.qualifier = reference->qualifier;
  return {};
}

Result<> EventSourceMappings::check_queue(const EventSourceMapping& mapping) {
  const std::optional<QueueFacts> queue =
      engine_.queues() ? engine_.queues()->find(mapping.source) : std::nullopt;
  if (!queue)
    return invalid_parameter(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS "
        "Error "
        "Message: The specified queue does not exist.");
  if (queue->fifo && mapping.window > 0)
    return invalid_parameter("Batching window is not supported for FIFO queues.");
  if (queue->fifo && mapping.batch_size > small_batch)
    return invalid_parameter("Batch size must be between 1 and 10 for FIFO queues.");
  const Moment moment{.now = clock_.now(), .ids = ids_};
  const Function* function = lambda_.store().find(mapping.scope, mapping.function, moment);
  const Snapshot* version = function ? lambda_.store().find_qualified(*function, mapping.qualifier) : nullptr;
  if (version) {
    const std::int64_t timeout = version->version->configuration->timeout_seconds;
    if (timeout > queue->visibility_timeout)
      return invalid_parameter(
          fmt::format("Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                      queue->visibility_timeout, timeout));
  }
  return {};
}

/// Whether there is a way to the brokers, as far as can be said without asking them.
Result<> EventSourceMappings::check_kafka(const EventSourceMapping& mapping) {
  if (!mapping.kafka) return {};
  const KafkaTies& ties = engine_.kafka();
  std::string problem;
  kafka_connection(mapping, ties.brokers, ties.secrets, problem);
  if (problem.empty()) return {};
  const bool no_cluster = !mapping.kafka->self_managed() && ties.brokers.empty();
  if (no_cluster || ties.secrets == nullptr) return AwsError(wire::errors::NotImplemented, problem);
  return invalid_parameter(problem);
}

const EventSourceMapping* EventSourceMappings::twin_of(const EventSourceMapping& mapping) const {
  for (const auto& [uuid, other] : engine_.all())
    if (uuid != mapping.uuid && other.source == mapping.source && other.scope == mapping.scope &&
        other.function == mapping.function && other.qualifier == mapping.qualifier &&
        same_topic(mapping, other))
      return &other;
  return nullptr;
}

AwsError EventSourceMappings::twin_conflict(const EventSourceMapping& mapping,
                                            const EventSourceMapping& twin) const {
  if (mapping.is_kafka()) return kafka_conflict(mapping, twin);
  const std::string function =
      mapping.qualifier.empty() ? mapping.function : mapping.function + ":" + mapping.qualifier;
  if (mapping.is_stream())
    return conflict(fmt::format(
        "The event source arn (\" {} \") and function (\" {} \") provided mapping already exists. "
        "Please update or delete the existing mapping with UUID {}",
        mapping.source, function, twin.uuid));
  return conflict(
      fmt::format("An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. "
                  "Please update or delete the existing mapping with UUID {}",
                  mapping.source, function, twin.uuid));
}

Task<Result<Reply>> EventSourceMappings::create(Call call) {
  // A source may be elsewhere: it is asked for before anything is decided.
  std::optional<StreamListing> stream;
  const std::string source = text_of(call.input, "EventSourceArn");
  if (StreamSource* streams = engine_.streams(source)) {
    auto listing = streams->list(source);
    stream = co_await std::move(listing);
  } else if (source_kind(source) == SourceKind::Queue && engine_.queues()) {
    auto look = engine_.queues()->look(source);
    co_await std::move(look);
  }
  co_return create_now(call, stream);
}

Result<Reply> EventSourceMappings::create_now(Call& call, const std::optional<StreamListing>& stream) {
  EventSourceMapping mapping;
  mapping.source = text_of(call.input, "EventSourceArn");
  if (mapping.source.empty() && !find_member(call.input, "SelfManagedEventSource"))
    return invalid_parameter("Unrecognized event source.");
  if (mapping.source.empty() || mapping.is_kafka()) mapping.kafka.emplace();
  if (!mapping.is_queue() && !mapping.is_kafka() && !stream) {
    const std::string service = source_service_in(mapping.source);
    if (mapping.kind() == SourceKind::DynamoDb)
      return AwsError(
          wire::errors::NotImplemented,
          "Aviary has no tables of its own: --endpoint dynamodb=URL names a server whose streams its "
          "event source mappings poll.");
    if (service == "mq" || service == "rds")
      return AwsError(wire::errors::NotImplemented,
                      fmt::format("Aviary's event source mappings do not poll {} yet: queues, streams and "
                                  "Kafka are there.",
                                  service));
    return invalid_parameter("Unrecognized event source.");
  }
  if (const Result<> valid = check_parameters(mapping, call.input, true); !valid) return valid.error();
  if (const Result<> done = set_function(mapping, call); !done) return done.error();
  if (const Result<> done = read_settings(mapping, call.input, true); !done) return done.error();
  if (mapping.is_queue() && mapping.batch_size > small_batch && mapping.window == 0)
    return invalid_parameter(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  if (stream && !stream->exists)
    return invalid_parameter(stream->problem.empty() ? "Stream not found: " + mapping.source
                                                     : stream->problem);
  if (mapping.is_queue())
    if (const Result<> valid = check_queue(mapping); !valid) return valid.error();
  if (const EventSourceMapping* twin = twin_of(mapping)) return twin_conflict(mapping, *twin);
  if (const Result<> valid = check_kafka(mapping); !valid) return valid.error();
  mapping.uuid = ids_.uuid();
  if (mapping.kafka && mapping.kafka->group.empty()) mapping.kafka->group = mapping.uuid;
  mapping.modified = call.now;
  mapping.transition = "Creating";
  mapping.settles = call.now + transition_;
  Reply reply = render(engine_.put(std::move(mapping)));
  reply.output["State"] = "Creating";
  return reply;
}

const EventSourceMapping* EventSourceMappings::own(const Call& call) const {
  const EventSourceMapping* mapping = engine_.find(text_of(call.input, "UUID"));
  const bool mine =
      mapping != nullptr && mapping->scope == Scope{.account = call.account, .region = call.region};
  return mine ? mapping : nullptr;
}

Result<Reply> EventSourceMappings::get(Call& call) {
  const EventSourceMapping* mapping = own(call);
  if (mapping == nullptr) return resource_does_not_exist();
  return render(*mapping);
}

Result<Reply> EventSourceMappings::list(Call& call) {
  const Scope caller{.account = call.account, .region = call.region};
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const std::string& source = text_of(call.input, "EventSourceArn");
  std::optional<FunctionReference> function;
  if (const std::string& name = text_of(call.input, "FunctionName"); !name.empty()) {
    Result<FunctionReference> reference = resolve_function_reference(name, {}, caller);
    if (!reference) return reference.error();
    function = std::move(*reference);
  }
  Reply reply;
  Json& list = reply.output["EventSourceMappings"] = Json::array();
  std::string last;
  for (auto next = engine_.all().upper_bound(page->after); next != engine_.all().end(); ++next) {
    const EventSourceMapping& mapping = next->second;
    if (mapping.scope != caller || (!source.empty() && mapping.source != source)) continue;
    if (function && (mapping.function != function->name || mapping.qualifier != function->qualifier))
      continue;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(last);
      break;
    }
    list.push_back(render(mapping).output);
    last = next->first;
  }
  return reply;
}

Result<Reply> EventSourceMappings::update(Call& call) {
  const EventSourceMapping* found = own(call);
  if (found == nullptr) return resource_does_not_exist();
  EventSourceMapping mapping = *found;
  if (const Result<> valid = check_parameters(mapping, call.input, false); !valid) return valid.error();
  if (mapping.in_transition(call.now)) return mapping_in_use("update");
  if (find_member(call.input, "FunctionName"))
    if (const Result<> done = set_function(mapping, call); !done) return done.error();
  const bool was_enabled = mapping.enabled;
  if (const Result<> done = read_settings(mapping, call.input, false); !done) return done.error();
  if (mapping.is_queue()) {
    if (mapping.batch_size > small_batch && mapping.window == 0)
      return invalid_parameter(
          "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
    if (const Result<> valid = check_queue(mapping); !valid) return valid.error();
  }
  if (const EventSourceMapping* twin = twin_of(mapping)) return twin_conflict(mapping, *twin);
  if (const Result<> valid = check_kafka(mapping); !valid) return valid.error();
  mapping.modified = call.now;
  mapping.transition = was_enabled == mapping.enabled ? "Updating"
                       : mapping.enabled              ? "Enabling"
                                                      : "Disabling";
  mapping.settles = call.now + transition_;
  const std::string shown = mapping.transition;
  Reply reply = render(engine_.put(std::move(mapping)));
  reply.output["State"] = shown;
  return reply;
}

Result<Reply> EventSourceMappings::remove(Call& call) {
  const EventSourceMapping* mapping = own(call);
  if (mapping == nullptr) return resource_does_not_exist();
  if (mapping->in_transition(call.now)) return mapping_in_use("delete");
  Reply reply = render(*mapping);
  reply.output["State"] = "Deleting";
  const std::string uuid = mapping->uuid;
  engine_.erase(uuid);
  return reply;
}

Result<Json> EventSourceMappings::tags(const std::string& arn, const Json& changes) {
  const std::string uuid = arn.substr(arn.rfind(':') + 1);
  const EventSourceMapping* found = engine_.find(uuid);
  if (found == nullptr || found->arn() != arn) return not_found("Event source mapping not found: " + arn);
  EventSourceMapping mapping = *found;
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null())
      mapping.tags.erase(key);
    else
      mapping.tags[key] = value.get<std::string>();
  }
  Json tags = mapping.tags;
  if (!changes.empty()) engine_.put(std::move(mapping));
  return tags;
}

Reply EventSourceMappings::render(const EventSourceMapping& mapping) const {
  Reply reply;
  Json& out = reply.output;
  out = {{"UUID", mapping.uuid},
         {"EventSourceMappingArn", mapping.arn()},
         {"EventSourceArn", mapping.source},
         {"FunctionArn", mapping.function_arn()},
         {"BatchSize", mapping.batch_size},
         {"MaximumBatchingWindowInSeconds", mapping.window},
         {"State", mapping.state(clock_.now())},
         {"StateTransitionReason", "USER_INITIATED"},
         {"LastModified", epoch_seconds(mapping.modified)},
         {"FunctionResponseTypes", Json::array()}};
  if (mapping.reports_failures) out["FunctionResponseTypes"].push_back("ReportBatchItemFailures");
  if (mapping.maximum_concurrency)
    out["ScalingConfig"] = {{"MaximumConcurrency", *mapping.maximum_concurrency}};
  if (mapping.is_stream() || mapping.is_kafka()) {
    const PollerCounts* counts = engine_.counts(mapping.uuid);
    out["LastProcessingResult"] = counts ? counts->last_result : "No records processed";
    out["StartingPosition"] = mapping.starting_position;
    if (mapping.starting_timestamp)
      out["StartingPositionTimestamp"] = epoch_seconds(*mapping.starting_timestamp);
    out["DestinationConfig"]["OnFailure"] = Json::object();
    if (!mapping.on_failure.empty())
      out["DestinationConfig"]["OnFailure"]["Destination"] = mapping.on_failure;
  }
  if (mapping.kafka) render_kafka(out, mapping);
  if (mapping.is_stream()) {
    out["StateTransitionReason"] = "User action";
    out["ParallelizationFactor"] = mapping.parallelization;
    out["TumblingWindowInSeconds"] = mapping.tumbling_window;
    out["MaximumRetryAttempts"] = mapping.maximum_retries;
    out["MaximumRecordAgeInSeconds"] = mapping.maximum_record_age;
    out["BisectBatchOnFunctionError"] = mapping.bisects;
  }
  out.update(mapping.recorded);
  for (const std::string& filter : mapping.filters)
    out["FilterCriteria"]["Filters"].push_back({{"Pattern", filter}});
  return reply;
}

}  // namespace aviary::lambda
