#include <fmt/format.h>

#include "services/lambda/api/event_source_mappings.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

bool is_mapping(const Call& call) {
  return text_of(call.input, "Resource").find(":event-source-mapping:") != std::string::npos;
}

/// The function that a tag operation's ARN names; the other taggable kinds do not exist here yet, and are not
/// found in AWS's words for each.
Result<Function*> tagged_function(FunctionStore& store, const Call& call, const Moment& at) {
  const std::string& resource = text_of(call.input, "Resource");
  const Scope caller{.account = call.account, .region = call.region};
  if (resource.find(":capacity-provider:") != std::string::npos) {
    return not_found("Capacity provider not found: " + resource);
  }
  if (resource.find(":function:") == std::string::npos) return resource_does_not_exist();
  const Result<FunctionReference> reference = resolve_function_reference(resource, {}, caller);
  if (!reference) return reference.error();
  if (!reference->qualifier.empty()) {
    return invalid_parameter(
        "Tags on function aliases and versions are not supported. Please specify a function ARN.");
  }
  const Scope home{.account = reference->account, .region = reference->region};
  Function* function = store.find(home, reference->name, at);
  if (!function) return function_not_found(home, reference->name);
  return function;
}

}  // namespace

Result<Reply> LambdaService::tag_resource(Call& call) {
  if (is_mapping(call)) {
    const Json* given = find_member(call.input, "Tags");
    if (!given || given->empty())
      return invalid_parameter("An error occurred and the request cannot be processed.");
    const Result<Json> tags = mappings_->tags(text_of(call.input, "Resource"), *given);
    if (!tags) return tags.error();
    return Reply{};
  }
  const Result<Function*> function = tagged_function(store_, call, moment());
  if (!function) return function.error();
  std::map<std::string, std::string> tags;
  if (const Json* given = find_member(call.input, "Tags")) given->get_to(tags);
  if (tags.empty()) return invalid_parameter("An error occurred and the request cannot be processed.");
  if (const Result<> tagged = store_.tag(**function, tags); !tagged) return tagged.error();
  return Reply{};
}

Result<Reply> LambdaService::untag_resource(Call& call) {
  const Json* keys = find_member(call.input, "TagKeys");
  if (!keys || keys->empty()) {
    return validation_error(
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not "
        "be null");
  }
  if (is_mapping(call)) {
    Json gone = Json::object();
    for (const Json& key : *keys) gone[key.get<std::string>()] = nullptr;
    const Result<Json> tags = mappings_->tags(text_of(call.input, "Resource"), gone);
    if (!tags) return tags.error();
    return Reply{};
  }
  const Result<Function*> function = tagged_function(store_, call, moment());
  if (!function) return function.error();
  store_.untag(**function, keys->get<std::vector<std::string>>());
  return Reply{};
}

Result<Reply> LambdaService::list_tags(Call& call) {
  if (is_mapping(call)) {
    Result<Json> tags = mappings_->tags(text_of(call.input, "Resource"), Json::object());
    if (!tags) return tags.error();
    return Reply{.output = {{"Tags", std::move(*tags)}}};
  }
  const Result<Function*> function = tagged_function(store_, call, moment());
  if (!function) return function.error();
  return Reply{.output = {{"Tags", (*function)->tags}}};
}

}  // namespace aviary::lambda
