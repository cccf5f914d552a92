#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/secretsmanager.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"

namespace aviary::secretsmanager {
namespace {

constexpr std::size_t most_tags = 50;

}  // namespace

Result<Reply> SecretsManagerService::tag_resource(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Json tags = (*found)->tags;
  for (const Json& tag : call.input.at("Tags")) {
    const auto same = std::ranges::find_if(
        tags, [&](const Json& each) { return secret_text(each, "Key") == secret_text(tag, "Key"); });
    if (same != tags.end()) {
      *same = tag;
    } else {
      tags.push_back(tag);
    }
  }
  if (tags.size() > most_tags) return invalid_secret_parameter("A secret can't have more than 50 tags.");
  (*found)->tags = std::move(tags);
  (*found)->changed = call.now;
  secrets_.save(**found);
  return Reply{};
}

Result<Reply> SecretsManagerService::untag_resource(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Json kept = Json::array();
  const Json& keys = call.input.at("TagKeys");
  for (const Json& tag : (*found)->tags)
    if (std::ranges::find(keys, Json(secret_text(tag, "Key"))) == keys.end()) kept.push_back(tag);
  (*found)->tags = std::move(kept);
  (*found)->changed = call.now;
  secrets_.save(**found);
  return Reply{};
}

Result<Reply> SecretsManagerService::put_resource_policy(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  std::string policy = secret_text(call.input, "ResourcePolicy");
  const Json document = parse_bounded<Json>(policy);
  if (!document.is_object() || !document.contains("Statement"))
    return AwsError(models::secretsmanager::errors::MalformedPolicyDocumentException,
                    "This resource policy contains a syntax error.");
  (*found)->policy = std::move(policy);
  secrets_.save(**found);
  return reply_about(**found);
}

Result<Reply> SecretsManagerService::get_resource_policy(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Reply reply = reply_about(**found);
  if (!(*found)->policy.empty()) reply.output["ResourcePolicy"] = (*found)->policy;
  return reply;
}

Result<Reply> SecretsManagerService::delete_resource_policy(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  (*found)->policy.clear();
  secrets_.save(**found);
  return reply_about(**found);
}

}  // namespace aviary::secretsmanager
