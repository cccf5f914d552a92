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

/// The function that a tag operation's ARN names; what does not exist is not found in AWS's words for each
/// kind.
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

/// A code-signing configuration or a capacity provider, which have their tags with them; null for what is
/// neither or is not there.
const Json* LambdaService::tagged_document(const Call& call) {
  const Scope scope{.account = call.account, .region = call.region};
  const std::string& resource = text_of(call.input, "Resource");
  const Json* document = code_signing_.find(scope, resource);
  return document ? document : capacity_.find(scope, resource);
}

void LambdaService::retag(const Call& call, Json document, Json tags) {
  const Scope scope{.account = call.account, .region = call.region};
  const std::string& resource = text_of(call.input, "Resource");
  document["Tags"] = std::move(tags);
  (code_signing_.find(scope, resource) ? code_signing_ : capacity_).put(scope, resource, std::move(document));
}

Result<Reply> LambdaService::tag_resource(Call& call) {
  if (is_mapping(call)) {
    const Json* given = find_member(call.input, "Tags");
    if (!given || given->empty())
      return invalid_parameter("An error occurred and the request cannot be processed.");
    const Result<Json> tags = mappings_->tags(text_of(call.input, "Resource"), *given);
    if (!tags) return tags.error();
    return Reply{};
  }
  if (const Json* document = tagged_document(call)) {
    Json tags = document->value("Tags", Json::object());
    if (const Json* given = find_member(call.input, "Tags")) tags.update(*given);
    if (tags.size() > 50) return invalid_parameter("Number of tags exceeds resource tag limit.");
    retag(call, *document, std::move(tags));
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
  if (const Json* document = tagged_document(call)) {
    Json tags = document->value("Tags", Json::object());
    for (const Json& key : *keys) tags.erase(key.get<std::string>());
    retag(call, *document, std::move(tags));
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
  if (const Json* document = tagged_document(call))
    return Reply{.output = {{"Tags", document->value("Tags", Json::object())}}};
  const Result<Function*> function = tagged_function(store_, call, moment());
  if (!function) return function.error();
  return Reply{.output = {{"Tags", (*function)->tags}}};
}

}  // namespace aviary::lambda
