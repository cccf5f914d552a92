#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

/// Transformers of groups. What is read is what came; filters can look at what was made of it.
namespace aviary::logs {

Result<Reply> LogsService::put_transformer(Call& call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  if ((*group)->log_class != "STANDARD")
    return AwsError(models::logs::errors::InvalidOperationException,
                    "Transformers are supported only for log groups of the STANDARD class.");
  Result<Transformer> transformer = Transformer::parse(call.input.at("transformerConfig"));
  if (!transformer) return transformer.error();
  std::optional<GroupTransformer>& kept = (*group)->transformer;
  const Millis now = to_millis(call.now);
  kept = GroupTransformer{.config = call.input["transformerConfig"],
                          .created = kept ? kept->created : now,
                          .modified = now,
                          .transformer = std::move(*transformer)};
  store_.save(**group);
  return Reply{};
}

/// Of a group without one, nothing is said.
Result<Reply> LogsService::get_transformer(Call& call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  Reply reply;
  reply.output = Json::object();
  if (const auto& kept = (*group)->transformer)
    reply.output = {{"logGroupIdentifier", text_of(call.input, "logGroupIdentifier")},
                    {"creationTime", kept->created},
                    {"lastModifiedTime", kept->modified},
                    {"transformerConfig", kept->config}};
  return reply;
}

Result<Reply> LogsService::delete_transformer(Call& call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  if (!(*group)->transformer) return not_found("The specified transformer does not exist.");
  (*group)->transformer.reset();
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::test_transformer(Call& call) {
  const Result<Transformer> transformer = Transformer::parse(call.input.at("transformerConfig"));
  if (!transformer) return transformer.error();
  Reply reply;
  Json& rows = reply.output["transformedLogs"] = Json::array();
  for (const std::string& message : texts_of(call.input, "logEventMessages")) {
    Json row{{"eventNumber", rows.size()}, {"eventMessage", message}};
    const EventOrigin origin{.message = message, .account = call.account, .region = call.region};
    if (std::optional<std::string> made = transformer->transform(origin))
      row["transformedEventMessage"] = std::move(*made);
    rows.push_back(std::move(row));
  }
  return reply;
}

}  // namespace aviary::logs
