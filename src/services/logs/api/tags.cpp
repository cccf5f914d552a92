#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_tags = 50;

/// The group that `resourceArn` names; destinations, the other taggable kind, do not exist here.
Result<LogGroup*> tagged_group(LogStore& store, const Call& call) {
  const std::string& arn = text_of(call.input, "resourceArn");
  if (!arn.starts_with("arn:")) return invalid_parameter("Invalid ARN: " + arn);
  LogGroup* group = store.find_group(scope_of(call), name_in(arn));
  if (!group) return not_found("The specified resource does not exist.");
  return group;
}

std::map<std::string, std::string> with(const LogGroup& group, const Json& input) {
  std::map<std::string, std::string> tags = group.tags;
  for (const auto& [key, value] : input.at("tags").items()) tags[key] = value.get<std::string>();
  return tags;
}

}  // namespace

Result<Reply> LogsService::tag_resource(Call& call) {
  const Result<LogGroup*> group = tagged_group(store_, call);
  if (!group) return group.error();
  std::map<std::string, std::string> tags = with(**group, call.input);
  if (tags.size() > most_tags)
    return AwsError(models::logs::errors::TooManyTagsException, "A resource can have no more than 50 tags.");
  (*group)->tags = std::move(tags);
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::untag_resource(Call& call) {
  const Result<LogGroup*> group = tagged_group(store_, call);
  if (!group) return group.error();
  for (const Json& key : call.input.at("tagKeys")) (*group)->tags.erase(key.get_ref<const std::string&>());
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::list_tags_for_resource(Call& call) {
  const Result<LogGroup*> group = tagged_group(store_, call);
  if (!group) return group.error();
  return Reply{.output = {{"tags", (*group)->tags}}};
}

Result<Reply> LogsService::tag_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  std::map<std::string, std::string> tags = with(**group, call.input);
  if (tags.size() > most_tags) return invalid_parameter("A resource can have no more than 50 tags.");
  (*group)->tags = std::move(tags);
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::untag_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  for (const Json& key : call.input.at("tags")) (*group)->tags.erase(key.get_ref<const std::string&>());
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::list_tags_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  return Reply{.output = {{"tags", (*group)->tags}}};
}

}  // namespace aviary::logs
