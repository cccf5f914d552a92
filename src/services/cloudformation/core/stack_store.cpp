#include "services/cloudformation/core/stack_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/custom_resource.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

constexpr std::string_view stack_records = "cloudformation_stacks";
constexpr std::string_view resource_records = "cloudformation_resources";
constexpr std::string_view event_records = "cloudformation_events";

std::string text_of_record(const Json& record) {
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What becomes of an operation that the end of the server cut short.
std::string interrupted(const std::string& status) {
  if (status == "CREATE_IN_PROGRESS") return "CREATE_FAILED";
  if (status == "ROLLBACK_IN_PROGRESS") return "ROLLBACK_FAILED";
  if (status == "DELETE_IN_PROGRESS") return "DELETE_FAILED";
  if (status.starts_with("IMPORT")) return "IMPORT_ROLLBACK_FAILED";
  if (status.starts_with("UPDATE_ROLLBACK")) return "UPDATE_ROLLBACK_FAILED";
  return status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" ? "UPDATE_COMPLETE" : "UPDATE_FAILED";
}

std::optional<Json> pseudo_parameter(const std::string& name, const Stack& stack, const Wish& wish) {
  if (name == "AWS::Region") return stack.region;
  if (name == "AWS::AccountId") return stack.account;
  if (name == "AWS::StackName") return stack.name;
  if (name == "AWS::StackId") return stack.id;
  if (name == "AWS::Partition") return "aws";
  if (name == "AWS::URLSuffix") return "amazonaws.com";
  if (name == "AWS::NotificationARNs") return wish.notification_arns;
  return std::nullopt;
}

}  // namespace

Stack& StackStore::add(Stack stack) {
  std::string id = stack.id;
  return stacks_.insert_or_assign(std::move(id), std::move(stack)).first->second;
}

Stack* StackStore::by_id(std::string_view id) {
  const auto found = stacks_.find(id);
  return found != stacks_.end() ? &found->second : nullptr;
}

Stack* StackStore::find(std::string_view account, std::string_view region, std::string_view name_or_id) {
  if (name_or_id.starts_with("arn:")) {
    Stack* stack = by_id(name_or_id);
    return stack != nullptr && stack->account == account && stack->region == region ? stack : nullptr;
  }
  for (auto& [id, stack] : stacks_)
    if (stack.name == name_or_id && stack.account == account && stack.region == region && !stack.is_deleted())
      return &stack;
  return nullptr;
}

void StackStore::erase(std::string_view id) {
  const auto found = stacks_.find(id);
  if (found == stacks_.end()) return;
  Stack& stack = found->second;
  if (journal_.durable()) {
    while (!stack.resources.empty()) erase_resource(stack, std::string(stack.resources.begin()->first));
    for (std::size_t i = 0; i < stack.events.size(); ++i)
      journal_.erase(event_records, fmt::format("{}/{:08}", stack.id, i));
    journal_.erase(stack_records, id);
  }
  const std::string gone = stack.id;
  stacks_.erase(found);
  if (watcher_) watcher_(gone);
}

void StackStore::save(const Stack& stack) {
  if (journal_.durable()) journal_.put(stack_records, stack.id, text_of_record(stack_record(stack)));
}

void StackStore::save_resource(const Stack& stack, const StackResource& resource) {
  if (journal_.durable())
    journal_.put(resource_records, stack.id + '/' + resource.logical_id,
                 text_of_record(resource_record(resource)));
}

void StackStore::erase_resource(Stack& stack, std::string_view logical_id) {
  if (journal_.durable()) journal_.erase(resource_records, stack.id + '/' + std::string(logical_id));
  stack.resources.erase(std::string(logical_id));
}

void StackStore::add_event(Stack& stack, StackEvent event, Instant now) {
  // Clients look for what is later than the last they have seen, also on a clock that stands.
  event.at = std::chrono::floor<std::chrono::milliseconds>(now);
  if (!stack.events.empty())
    event.at = std::max(event.at, stack.events.back().at + Duration(std::chrono::milliseconds(1)));
  event.token = stack.token;
  if (journal_.durable())
    journal_.put(event_records, fmt::format("{}/{:08}", stack.id, stack.events.size()),
                 text_of_record({{"stack", stack.id}, {"event", event_record(event)}}));
  stack.events.push_back(std::move(event));
  if (listener_) listener_(stack, stack.events.back());
}

void StackStore::set_status(Stack& stack, std::string status, std::string reason, Instant now) {
  stack.status = std::move(status);
  stack.reason = std::move(reason);
  stack.drift = Json();
  StackEvent event{.id = ids_.uuid(),
                   .logical_id = stack.name,
                   .physical_id = stack.id,
                   .type = "AWS::CloudFormation::Stack",
                   .status = stack.status,
                   .reason = stack.reason,
                   .properties = {},
                   .token = {}};
  add_event(stack, std::move(event), now);
  save(stack);
  if (watcher_) watcher_(stack.id);
}

void StackStore::set_status(Stack& stack, StackResource& resource, std::string status, std::string reason,
                            Instant now) {
  resource.status = std::move(status);
  resource.reason = std::move(reason);
  resource.changed = now;
  resource.drift = Json();
  StackEvent event{
      .id = fmt::format("{}-{}-{}", resource.logical_id, resource.status, ids_.uuid()),
      .logical_id = resource.logical_id,
      .physical_id = resource.physical_id,
      .type = resource.type,
      .status = resource.status,
      .reason = resource.reason,
      .properties = text_of_record(resource.shown.is_null() ? resource.properties : resource.shown),
      .token = {}};
  add_event(stack, std::move(event), now);
  save_resource(stack, resource);
}

const Output* StackStore::find_export(std::string_view account, std::string_view region,
                                      std::string_view name, const Stack** owner) const {
  for (const auto& [id, stack] : stacks_) {
    if (stack.account != account || stack.region != region || stack.is_deleted()) continue;
    for (const Output& output : stack.outputs) {
      if (output.export_name != name || name.empty()) continue;
      if (owner != nullptr) *owner = &stack;
      return &output;
    }
  }
  return nullptr;
}

void StackStore::restore(Instant now) {
  journal_.load(stack_records, [this](std::string_view id, std::string_view text) {
    stacks_.emplace(id, stack_from(Json::parse(text)));
  });
  journal_.load(resource_records, [this](std::string_view key, std::string_view text) {
    StackResource resource = resource_from(Json::parse(text));
    if (Stack* stack = by_id(key.substr(0, key.rfind('/'))))
      stack->resources.emplace(resource.logical_id, std::move(resource));
  });
  journal_.load(event_records, [this](std::string_view, std::string_view text) {
    const Json record = Json::parse(text);
    if (Stack* stack = by_id(record.at("stack").get_ref<const std::string&>()))
      stack->events.push_back(event_from(record.at("event")));
  });
  for (auto& [id, stack] : stacks_)
    if (stack.is_busy())
      set_status(stack, interrupted(stack.status), "The server ended during the operation", now);
}

Lookups lookups_of(const StackStore& store, const Stack& stack, const Wish& wish,
                   const std::map<std::string, bool>* conditions) {
  static const Json none = Json::object();
  Lookups lookups;
  lookups.region = stack.region;
  lookups.conditions = conditions;
  const auto mappings = wish.document.find("Mappings");
  lookups.mappings = mappings != wish.document.end() ? &*mappings : &none;
  lookups.ref = [&stack, &wish](const std::string& name) -> std::optional<Json> {
    if (name.starts_with("AWS::")) return pseudo_parameter(name, stack, wish);
    const auto parameter = std::ranges::find(wish.parameters, name, &ParameterValue::key);
    if (parameter != wish.parameters.end()) return parameter_reference(wish.document, *parameter);
    const auto resource = stack.resources.find(name);
    if (resource != stack.resources.end() && !resource->second.physical_id.empty())
      return resource->second.physical_id;
    return std::nullopt;
  };
  lookups.attribute = [&stack](const std::string& name, const std::string& attribute) -> Result<Json> {
    const auto resource = stack.resources.find(name);
    if (resource == stack.resources.end())
      return validation_error(
          fmt::format("Template error: instance of Fn::GetAtt references undefined resource {}", name));
    const Json& attributes = resource->second.attributes;
    if (attributes.contains(attribute)) return attributes[attribute];
    if (is_custom_type(resource->second.type))
      return validation_error(fmt::format(
          "CustomResource attribute error: Vendor response doesn't contain {} attribute in object {}|{}|{}",
          attribute, stack.id, name, resource->second.physical_id));
    return validation_error(fmt::format(
        "Template error: resource {} does not support attribute type {} in Fn::GetAtt", name, attribute));
  };
  lookups.import = [&store, &stack](const std::string& name) -> Result<Json> {
    if (const Output* output = store.find_export(stack.account, stack.region, name))
      return Json(output->value);
    return validation_error(fmt::format("No export named {} found.", name));
  };
  return lookups;
}

}  // namespace aviary::cloudformation
