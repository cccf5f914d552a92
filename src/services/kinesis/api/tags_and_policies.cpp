#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {
namespace {

using Tags = std::map<std::string, std::string>;
constexpr std::size_t tags_on_a_stream = 50;

Result<Tags> with_tags(Tags tags, const Tags& added, std::string_view what) {
  for (const auto& [key, value] : added) {
    if (key.starts_with("aws:"))
      return invalid_argument("aws: prefixed tag key names are not allowed for external use.");
    tags[key] = value;
  }
  if (tags.size() > tags_on_a_stream)
    return invalid_argument(fmt::format(
        "Failed to add tags to {}: a given stream cannot have more than 50 tags associated with it.", what));
  return tags;
}

Json tag_json(const std::string& key, const std::string& value) { return {{"Key", key}, {"Value", value}}; }

AwsError no_policy(const std::string& arn) {
  return not_found(fmt::format("No resource policy found for resource ARN {}.", arn));
}

}  // namespace

Result<Reply> KinesisService::add_tags_to_stream(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  Result<Tags> tags = with_tags((*stream)->tags, map_of(call.input, "Tags"), (*stream)->id.name);
  if (!tags) return tags.error();
  (*stream)->tags = std::move(*tags);
  streams_.save(**stream);
  return Reply{};
}

Result<Reply> KinesisService::remove_tags_from_stream(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  for (const std::string& key : texts_of(call.input, "TagKeys")) (*stream)->tags.erase(key);
  streams_.save(**stream);
  return Reply{};
}

Result<Reply> KinesisService::list_tags_for_stream(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  const auto limit = static_cast<std::size_t>(number_of(call.input, "Limit").value_or(50));
  const std::string& after = text_of(call.input, "ExclusiveStartTagKey");
  Reply reply;
  Json& tags = reply.output["Tags"] = Json::array();
  reply.output["HasMoreTags"] = false;
  for (const auto& [key, value] : (*stream)->tags) {
    if (!after.empty() && key <= after) continue;
    if (tags.size() == limit) {
      reply.output["HasMoreTags"] = true;
      break;
    }
    tags.push_back(tag_json(key, value));
  }
  return reply;
}

Result<KinesisService::Tagged> KinesisService::tagged(const Call& call) {
  const std::string& arn = text_of(call.input, "ResourceARN");
  if (const ConsumerId named = parse_consumer_arn(arn); !named.name.empty()) {
    Stream* stream = streams_.find(named.stream, call.now);
    const auto found = stream ? stream->consumers.find(named.name) : decltype(stream->consumers.end()){};
    if (stream == nullptr || found == stream->consumers.end() || stream->consumer_arn(found->second) != arn)
      return not_found(fmt::format("Consumer {}, account {} not found.", arn, call.account));
    return Tagged{.stream = stream, .tags = &found->second.tags};
  }
  const StreamId id = parse_stream_arn(arn);
  Stream* stream = streams_.find(id, call.now);
  if (stream == nullptr) return no_such_stream(id);
  return Tagged{.stream = stream, .tags = &stream->tags};
}

Result<Reply> KinesisService::tag_resource(Call& call) {
  const Result<Tagged> found = tagged(call);
  if (!found) return found.error();
  Result<Tags> tags = with_tags(*found->tags, map_of(call.input, "Tags"), text_of(call.input, "ResourceARN"));
  if (!tags) return tags.error();
  *found->tags = std::move(*tags);
  streams_.save(*found->stream);
  return Reply{};
}

Result<Reply> KinesisService::untag_resource(Call& call) {
  const Result<Tagged> found = tagged(call);
  if (!found) return found.error();
  for (const std::string& key : texts_of(call.input, "TagKeys")) found->tags->erase(key);
  streams_.save(*found->stream);
  return Reply{};
}

Result<Reply> KinesisService::list_tags_for_resource(Call& call) {
  const Result<Tagged> found = tagged(call);
  if (!found) return found.error();
  Reply reply;
  Json& tags = reply.output["Tags"] = Json::array();
  for (const auto& [key, value] : *found->tags) tags.push_back(tag_json(key, value));
  return reply;
}

/// Kept and shown; everybody may do everything.
Result<Reply> KinesisService::put_resource_policy(Call& call) {
  const StreamId id = parse_stream_arn(text_of(call.input, "ResourceARN"));
  Stream* stream = streams_.find(id, call.now);
  if (stream == nullptr) return no_such_stream(id);
  const std::string& policy = text_of(call.input, "Policy");
  if (!parse_bounded<Json>(policy).is_object()) return invalid_argument("Policy contains invalid JSON.");
  stream->policy = policy;
  streams_.save(*stream);
  return Reply{};
}

Result<Reply> KinesisService::get_resource_policy(Call& call) {
  const StreamId id = parse_stream_arn(text_of(call.input, "ResourceARN"));
  const Stream* stream = streams_.find(id, call.now);
  if (stream == nullptr) return no_such_stream(id);
  return Reply{.output = {{"Policy", stream->policy.empty() ? "{}" : stream->policy}}};
}

Result<Reply> KinesisService::delete_resource_policy(Call& call) {
  const std::string& arn = text_of(call.input, "ResourceARN");
  const StreamId id = parse_stream_arn(arn);
  Stream* stream = streams_.find(id, call.now);
  if (stream == nullptr) return no_such_stream(id);
  if (stream->policy.empty()) return no_policy(arn);
  stream->policy.clear();
  streams_.save(*stream);
  return Reply{};
}

}  // namespace aviary::kinesis
