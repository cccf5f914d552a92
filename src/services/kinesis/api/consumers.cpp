#include <fmt/format.h>

#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {
namespace {

constexpr std::size_t consumers_at_most = 20;

Json consumer_json(const Stream& stream, const Consumer& consumer, Instant now) {
  return {{"ConsumerName", consumer.name},
          {"ConsumerARN", stream.consumer_arn(consumer)},
          {"ConsumerStatus", now < consumer.settles ? "CREATING" : "ACTIVE"},
          {"ConsumerCreationTimestamp", epoch_seconds(consumer.created)}};
}

}  // namespace

Result<KinesisService::Registered> KinesisService::named_consumer(const Call& call) {
  const std::string& arn = text_of(call.input, "ConsumerARN");
  std::string name = text_of(call.input, "ConsumerName");
  StreamId id;
  if (!arn.empty()) {
    ConsumerId named = parse_consumer_arn(arn);
    id = std::move(named.stream);
    name = std::move(named.name);
  } else {
    id = parse_stream_arn(text_of(call.input, "StreamARN"));
    if (id.name.empty() || name.empty())
      return invalid_argument("Either ConsumerARN or both StreamARN and ConsumerName must be provided.");
  }
  Stream* stream = streams_.find(id, call.now);
  const auto none = [&] {
    return not_found(
        fmt::format("Consumer {}, account {} not found.", arn.empty() ? name : arn, call.account));
  };
  if (stream == nullptr) return arn.empty() ? no_such_stream(id) : none();
  const auto found = stream->consumers.find(name);
  if (found == stream->consumers.end() || (!arn.empty() && stream->consumer_arn(found->second) != arn))
    return none();
  return Registered{.stream = stream, .consumer = &found->second};
}

Result<Reply> KinesisService::register_stream_consumer(Call& call) {
  const Result<Stream*> found = active_stream(call);
  if (!found) return found.error();
  Stream& stream = **found;
  const std::string& name = text_of(call.input, "ConsumerName");
  if (stream.consumers.contains(name))
    return in_use(fmt::format("Consumer {} under stream {} already exists for account {}.", name,
                              stream.id.name, stream.id.scope.account));
  if (stream.consumers.size() >= consumers_at_most)
    return limit_exceeded(
        fmt::format("Stream {} under account {} has reached its limit of 20 registered consumers.",
                    stream.id.name, stream.id.scope.account));
  Consumer& consumer = stream.consumers[name];
  consumer = {.name = name,
              .created = call.now,
              .settles = call.now + transition_,
              .tags = map_of(call.input, "Tags")};
  streams_.save(stream);
  Json json = consumer_json(stream, consumer, call.now);
  json["ConsumerStatus"] = "CREATING";  // as AWS answers, however soon it is there
  return Reply{.output = {{"Consumer", std::move(json)}}};
}

Result<Reply> KinesisService::deregister_stream_consumer(Call& call) {
  const Result<Registered> found = named_consumer(call);
  if (!found) return found.error();
  const std::string name = found->consumer->name;
  found->stream->consumers.erase(name);
  streams_.save(*found->stream);
  return Reply{};
}

Result<Reply> KinesisService::describe_stream_consumer(Call& call) {
  const Result<Registered> found = named_consumer(call);
  if (!found) return found.error();
  Json json = consumer_json(*found->stream, *found->consumer, call.now);
  json["StreamARN"] = found->stream->arn();
  return Reply{.output = {{"ConsumerDescription", std::move(json)}}};
}

Result<Reply> KinesisService::list_stream_consumers(Call& call) {
  const Result<PageToken> token = page_token_of(call);
  if (!token) return token.error();
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  const auto most = static_cast<std::size_t>(number_of(call.input, "MaxResults").value_or(100));
  Reply reply;
  Json& consumers = reply.output["Consumers"] = Json::array();
  for (const auto& [name, consumer] : (*stream)->consumers) {
    if (!token->after.empty() && name <= token->after) continue;
    if (consumers.size() == most) {
      reply.output["NextToken"] =
          page_token(consumers.back().at("ConsumerName").get<std::string>(), (*stream)->arn(), call.now);
      break;
    }
    consumers.push_back(consumer_json(**stream, consumer, call.now));
  }
  return reply;
}

}  // namespace aviary::kinesis
