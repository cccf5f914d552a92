#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "models/ecr.hpp"
#include "services/ecr/api/ecr_service.hpp"

/// What is said about a repository: its two policies, and its tags. They are recorded, and nothing acts on
/// them.
namespace aviary::ecr {
namespace {

namespace errors = models::ecr::errors;

constexpr std::size_t most_repository_tags = 50;

Reply policy_reply(const Repository& repository, const char* member, const std::string& text) {
  Reply reply;
  reply.output = identity_of(repository);
  reply.output[member] = text;
  return reply;
}

AwsError no_policy(const ErrorShape& shape, const char* what, const Repository& repository) {
  return {shape,
          fmt::format("{} does not exist for the repository with name '{}' in the registry with id '{}'",
                      what, repository.name, repository.scope.account)};
}

}  // namespace

Result<Reply> EcrService::put_lifecycle_policy(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  const std::string text = ecr_text(call.input, "lifecyclePolicyText");
  const Json policy = parse_bounded<Json>(text);
  if (!policy.is_object() || !policy.value("rules", Json()).is_array() || policy["rules"].empty())
    return invalid_parameter(
        "LifecyclePolicyText",
        "Lifecycle policy validation failure: the policy must be a JSON object with rules");
  Repository changed = **found;
  changed.lifecycle_policy = text;
  Reply reply = policy_reply(changed, "lifecyclePolicyText", text);
  repositories_.put(std::move(changed));
  return reply;
}

Result<Reply> EcrService::get_lifecycle_policy(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  if ((*found)->lifecycle_policy.empty())
    return no_policy(errors::LifecyclePolicyNotFoundException, "Lifecycle policy", **found);
  return policy_reply(**found, "lifecyclePolicyText", (*found)->lifecycle_policy);
}

Result<Reply> EcrService::delete_lifecycle_policy(Call& call) {
  Result<Reply> reply = get_lifecycle_policy(call);
  if (!reply) return reply;
  Repository changed = **repository_of(call);
  changed.lifecycle_policy.clear();
  repositories_.put(std::move(changed));
  return reply;
}

Result<Reply> EcrService::set_repository_policy(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  const std::string text = ecr_text(call.input, "policyText");
  const Json policy = parse_bounded<Json>(text);
  if (!policy.is_object() || !policy.contains("Statement"))
    return invalid_parameter("PolicyText", "Invalid repository policy provided");
  Repository changed = **found;
  changed.policy = text;
  Reply reply = policy_reply(changed, "policyText", text);
  repositories_.put(std::move(changed));
  return reply;
}

Result<Reply> EcrService::get_repository_policy(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  if ((*found)->policy.empty())
    return no_policy(errors::RepositoryPolicyNotFoundException, "Repository policy", **found);
  return policy_reply(**found, "policyText", (*found)->policy);
}

Result<Reply> EcrService::delete_repository_policy(Call& call) {
  Result<Reply> reply = get_repository_policy(call);
  if (!reply) return reply;
  Repository changed = **repository_of(call);
  changed.policy.clear();
  repositories_.put(std::move(changed));
  return reply;
}

Result<> add_repository_tags(const Json& given, std::map<std::string, std::string>& tags) {
  for (const Json& tag : given) {
    const std::string key = ecr_text(tag, "Key");
    if (key.starts_with("aws:"))
      return AwsError(errors::InvalidTagParameterException,
                      "Tag keys that begin with aws: are reserved for system use");
    tags[key] = ecr_text(tag, "Value");
  }
  if (tags.size() > most_repository_tags)
    return AwsError(errors::TooManyTagsException, "A repository can have at most 50 tags");
  return {};
}

Result<Reply> EcrService::tag_resource(Call& call) {
  const Result<Repository*> found = repository_by_arn(call);
  if (!found) return found.error();
  Repository changed = **found;
  if (const Result<> added = add_repository_tags(call.input.at("tags"), changed.tags); !added)
    return added.error();
  repositories_.put(std::move(changed));
  return Reply{};
}

Result<Reply> EcrService::untag_resource(Call& call) {
  const Result<Repository*> found = repository_by_arn(call);
  if (!found) return found.error();
  Repository changed = **found;
  for (const Json& key : call.input.at("tagKeys")) changed.tags.erase(key.get<std::string>());
  repositories_.put(std::move(changed));
  return Reply{};
}

Result<Reply> EcrService::list_tags(Call& call) {
  const Result<Repository*> found = repository_by_arn(call);
  if (!found) return found.error();
  Reply reply;
  Json& rows = reply.output["tags"] = Json::array();
  for (const auto& [key, value] : (*found)->tags) rows.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

}  // namespace aviary::ecr
