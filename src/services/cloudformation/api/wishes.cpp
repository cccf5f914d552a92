#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/wildcard.hpp"
#include "models/cloudformation.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/rules.hpp"
#include "services/cloudformation/core/template_text.hpp"
#include "wire/pattern.hpp"
#include "wire/rest_xml_codec.hpp"

namespace aviary::cloudformation {
namespace {

struct TemplatePlace {
  std::string bucket;
  std::string key;
};

/// Whatever the host is, the bucket is one of this emulator's: clients send the endpoint's own address, and
/// some always `https://s3.amazonaws.com/`.
std::optional<TemplatePlace> place_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('?'));
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view host = url.substr(0, slash);
  std::string_view path = url.substr(slash + 1);
  TemplatePlace place;
  if (const std::string_view bucket = wire::bucket_in_host(host); !bucket.empty()) {
    place.bucket = bucket;
  } else {
    const std::size_t next = path.find('/');
    if (next == std::string_view::npos) return std::nullopt;
    place.bucket = path.substr(0, next);
    path.remove_prefix(next + 1);
  }
  place.key = percent_decode(path).value_or(std::string(path));
  return place;
}

std::vector<GivenParameter> given_parameters(const Json& input) {
  std::vector<GivenParameter> given;
  for (const Json& each : input.value("Parameters", Json::array())) {
    GivenParameter parameter;
    parameter.key = text_member(each, "ParameterKey");
    if (each.contains("ParameterValue")) parameter.value = text_member(each, "ParameterValue");
    parameter.use_previous = each.value("UsePreviousValue", false);
    given.push_back(std::move(parameter));
  }
  return given;
}

/// What is not said stays as it was; a list of triggers stands in the place of the one before.
Json rollback_after(const Json& before, const Json& given) {
  Json after = before;
  after.update(given);
  return after;
}

Result<> check_triggers(const Json& rollback) {
  const Json triggers = rollback.value("RollbackTriggers", Json::array());
  for (const Json& trigger : triggers) {
    const std::string type = text_member(trigger, "Type");
    if (type != "AWS::CloudWatch::Alarm" && type != "AWS::CloudWatch::CompositeAlarm")
      return validation_error(fmt::format("Rollback trigger type {} is not supported", type));
    if (!text_member(trigger, "Arn").starts_with("arn:"))
      return validation_error(fmt::format("Rollback trigger {} is not an ARN", text_member(trigger, "Arn")));
  }
  return {};
}

/// `ResourceTypes` says which types the template may have: `AWS::Lambda::*`, `Custom::*`.
Result<> check_types(const Json& document, const Json& input) {
  const Json allowed = input.value("ResourceTypes", Json::array());
  if (allowed.empty()) return {};
  for (const Json& definition : document.at("Resources")) {
    const std::string type = property_text(definition, "Type");
    if (std::ranges::none_of(allowed, [&](const Json& each) {
          return matches_wildcard(each.get_ref<const std::string&>(), type);
        }))
      return validation_error(
          fmt::format("Resource type {} is not allowed by parameter ResourceTypes {}", type, allowed.dump()));
  }
  return {};
}

/// Values against the patterns that the template gives.
Result<> check_patterns(const Json& document, const ParameterValues& values) {
  for (const ParameterValue& value : values) {
    const Json& definition = document.at("Parameters").at(value.key);
    const std::string pattern = property_text(definition, "AllowedPattern");
    if (pattern.empty()) continue;
    // Of a list each member is looked at.
    const Json given = parameter_reference(document, {.key = value.key, .value = value.value});
    const Json members = given.is_array() ? given : Json::array({given});
    if (std::ranges::all_of(members, [&](const Json& each) {
          return wire::matches_foreign_pattern(pattern, each.get_ref<const std::string&>()).value_or(false);
        }))
      continue;
    const std::string constraint = property_text(definition, "ConstraintDescription");
    if (!constraint.empty())
      return validation_error(
          fmt::format("Parameter {} failed to satisfy constraint: {}", value.key, constraint));
    return validation_error(fmt::format("Parameter '{}' must match pattern {}", value.key, pattern));
  }
  return {};
}

Result<> check_capabilities(const Json& document, const Json& given) {
  const std::optional<Needed> needed = needed_capability(document);
  if (!needed) return {};
  const auto has = [&](std::string_view name) { return std::ranges::find(given, Json(name)) != given.end(); };
  if (has("CAPABILITY_NAMED_IAM") || (needed->capability == "CAPABILITY_IAM" && has("CAPABILITY_IAM")))
    return {};
  return AwsError(models::cloudformation::errors::InsufficientCapabilitiesException,
                  fmt::format("Requires capabilities : [{}]", needed->capability));
}

}  // namespace

std::string text_member(const Json& input, const char* name) { return input.value(name, std::string()); }

AwsError no_such_stack(std::string_view name_or_id) {
  return validation_error(fmt::format("Stack with id {} does not exist", name_or_id));
}

Result<Stack*> CloudFormationService::stack_of(const Call& call) {
  const std::string name = text_member(call.input, "StackName");
  Stack* stack = store_.find(call.account, call.region, name);
  if (stack == nullptr) return no_such_stack(name);
  return stack;
}

Stack CloudFormationService::new_stack(const Call& call) {
  Stack stack;
  stack.name = text_member(call.input, "StackName");
  stack.account = call.account;
  stack.region = call.region;
  stack.id = fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/{}", call.region, call.account, stack.name,
                         ids_.uuid());
  stack.created = call.now;
  stack.token = text_member(call.input, "ClientRequestToken");
  return stack;
}

Task<Result<std::string>> CloudFormationService::text_of_template(Call call) {
  const std::string body = text_member(call.input, "TemplateBody");
  const std::string url = text_member(call.input, "TemplateURL");
  if (!body.empty()) {
    if (!url.empty()) co_return validation_error("Specify only one of TemplateBody or TemplateURL");
    co_return body;
  }
  if (url.empty()) {
    const std::string name = text_member(call.input, "StackName");
    if (call.input.value("UsePreviousTemplate", false) || call.operation->name == "GetTemplateSummary") {
      Stack* stack = store_.find(call.account, call.region, name);
      if (stack == nullptr) co_return no_such_stack(name);
      if (stack->wish.text.empty())
        for (const auto& [set, change_set] : stack->change_sets) co_return change_set.wish.text;
      co_return stack->wish.text;
    }
    co_return validation_error("Either Template URL or Template Body must be specified.");
  }
  const std::optional<TemplatePlace> place = place_of_url(url);
  if (!place) co_return validation_error("TemplateURL must be a supported URL.");
  Result<std::string> text = co_await cloud_.fetch(place->bucket, place->key, "");
  if (!text) co_return validation_error(fmt::format("S3 error: {}", text.error().message));
  co_return std::move(*text);
}

Task<Result<Wish>> CloudFormationService::wish_of(Call call, Wish known) {
  Result<std::string> text = co_await text_of_template(call);
  if (!text) co_return text.error();
  Result<Json> document = parse_template(*text);
  if (!document) co_return document.error();
  Wish wish;
  wish.text = std::move(*text);
  const std::vector<GivenParameter> given = given_parameters(call.input);
  Result<ParameterValues> values = parameter_values(*document, given, known.parameters);
  if (!values) co_return values.error();
  if (const Result<> fitting = check_patterns(*document, *values); !fitting) co_return fitting.error();
  for (ParameterValue& value : *values) {
    if (!is_ssm_parameter(*document, value.key)) continue;
    Cloud::Ask ask{call.account, call.region, "ssm", "GetParameter", {{"Name", value.value}}};
    Result<Json> answer = co_await cloud_.call(std::move(ask));
    if (!answer)
      co_return validation_error(
          fmt::format("Unable to fetch parameters [{}] from parameter store for this account.", value.value));
    const Json parameter = answer->value("Parameter", Json::object());
    if (parameter.value("Type", "") == "SecureString")
      co_return validation_error(fmt::format(
          "Parameters [{}] referenced by template have types not supported by CloudFormation.", value.value));
    value.resolved = parameter.value("Value", "");
  }
  wish.parameters = std::move(*values);
  wish.capabilities = call.input.value("Capabilities", Json::array());
  wish.document = *document;
  {
    Stack around;
    around.account = call.account;
    around.region = call.region;
    around.name = text_member(call.input, "StackName");
    if (const Result<> kept = check_rules(wish.document, lookups_of(store_, around, wish, nullptr)); !kept)
      co_return kept.error();
  }
  if (uses_transforms(*document)) {
    wish.expands = true;
    Wish before = wish;
    Result<Json> made = co_await transformed(call, std::move(before));
    if (!made) co_return made.error();
    *document = std::move(*made);
  }
  if (const Result<> checked = check_template(*document); !checked) co_return checked.error();
  if (const Result<> listed = check_types(*document, call.input); !listed) co_return listed.error();
  if (const Result<> allowed = check_capabilities(*document, wish.capabilities); !allowed)
    co_return allowed.error();
  wish.document = std::move(*document);
  wish.tags = call.input.contains("Tags") ? call.input["Tags"] : known.tags;
  wish.notification_arns =
      call.input.contains("NotificationARNs") ? call.input["NotificationARNs"] : known.notification_arns;
  if (const Result<> known_types = check_triggers(call.input.value("RollbackConfiguration", Json::object()));
      !known_types)
    co_return known_types.error();
  wish.rollback = rollback_after(known.rollback, call.input.value("RollbackConfiguration", Json::object()));
  wish.role_arn = call.input.contains("RoleARN") ? text_member(call.input, "RoleARN") : known.role_arn;
  co_return wish;
}

}  // namespace aviary::cloudformation
