#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/cloudformation.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/language_extensions.hpp"
#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/sam.hpp"
#include "services/cloudformation/core/template_text.hpp"

/// What templates let others make of them: SAM, language extensions, includes, macros that are functions.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
namespace aviary::cloudformation {
namespace {

constexpr int most_snippets = 200;             ///< includes may include
constexpr std::size_t most_bytes = 1'000'000;  ///< as CloudFormation takes of any template

/// The object deepest down that has `Fn::Transform`.
std::optional<Json::json_pointer> find_snippet(const Json& value, const Json::json_pointer& place) {
  if (value.is_object())
    for (const auto& [key, each] : value.items())
      if (auto found = find_snippet(each, place / key)) return found;
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i)
      if (auto found = find_snippet(value[i], place / i)) return found;
  return value.is_object() && value.contains("Fn::Transform") ? std::optional(place) : std::nullopt;
}

std::string name_of(const Json& asked) {
  return asked.is_string() ? asked.get<std::string>() : property_text(asked, "Name");
}

Json parameters_of(const Json& asked) {
  return asked.is_object() ? asked.value("Parameters", Json::object()) : Json::object();
}

AwsError transform_failed(std::string_view name, std::string_view why) {
  return validation_error(fmt::format("Transform {} failed with: {}", name, why));
}

}  // namespace

bool uses_transforms(const Json& document) {
  return !transforms_of(document).empty() || find_snippet(document, Json::json_pointer());
}

Result<> check_expansion(const Wish& wish) {
  if (!wish.expands ||
      std::ranges::find(wish.capabilities, Json("CAPABILITY_AUTO_EXPAND")) != wish.capabilities.end())
    return {};
  return AwsError(models::cloudformation::errors::InsufficientCapabilitiesException,
                  "Requires capabilities : [CAPABILITY_AUTO_EXPAND]");
}

Task<Result<Json>> CloudFormationService::included(Json parameters) {
  const std::string location = property_text(parameters, "Location");
  const std::string_view place = std::string_view(location).substr(std::min<std::size_t>(5, location.size()));
  const std::size_t slash = place.find('/');
  if (!location.starts_with("s3://") || slash == std::string_view::npos || slash == 0)
    co_return transform_failed("AWS::Include",
                               "The location parameter is not a valid S3 uri. s3://bucket/key is wanted.");
  std::string bucket(place.substr(0, slash));
  std::string key(place.substr(slash + 1));
  Result<std::string> text = co_await cloud_.fetch(std::move(bucket), std::move(key), "");
  if (!text) co_return transform_failed("AWS::Include", "S3 error: " + text.error().message);
  Result<Json> document = parse_template(*text);
  if (!document) co_return transform_failed("AWS::Include", document.error().message);
  co_return std::move(*document);
}

Task<Result<Json>> CloudFormationService::ask_macro(Call call, std::string name, Json parameters,
                                                    Json fragment, Json values) {
  std::string function;
  for (const auto& [id, stack] : store_.all())
    if (stack.account == call.account && stack.region == call.region)
      for (const auto& [logical_id, resource] : stack.resources)
        if (resource.type == "AWS::CloudFormation::Macro" && resource.physical_id == name)
          function = property_text(resource.properties, "FunctionName");
  if (function.empty()) co_return validation_error(fmt::format("No transform named {} found.", name));
  const std::string title = fmt::format("{}::{}", call.account, name);
  const Json event{{"region", call.region},
                   {"accountId", call.account},
                   {"fragment", std::move(fragment)},
                   {"transformId", title},
                   {"params", std::move(parameters)},
                   {"requestId", ids_.uuid()},
                   {"templateParameterValues", std::move(values)}};
  Cloud::Ask ask{call.account, call.region, "lambda", "Invoke", Json::object()};
  ask.input["FunctionName"] = function;
  ask.input["InvocationType"] = "RequestResponse";
  ask.input["Payload"] = event.dump(-1, ' ', false, Json::error_handler_t::replace);
  Result<Json> answer = co_await cloud_.call(std::move(ask));
  if (!answer) co_return transform_failed(title, answer.error().message);
  Json made = parse_bounded<Json>(property_text(*answer, "Payload"));
  if (answer->contains("FunctionError"))
    co_return transform_failed(title, made.is_object() ? property_text(made, "errorMessage") : "");
  if (!made.is_object()) co_return transform_failed(title, "The function's answer is no object.");
  if (made.value("requestId", Json()) != event["requestId"])
    co_return transform_failed(title, "The requestId in the function's answer is another one.");
  if (property_text(made, "status") != "success") {
    const std::string why = property_text(made, "errorMessage");
    if (why.empty())
      co_return validation_error(fmt::format("Transform {} failed without an error message.", title));
    co_return transform_failed(title, why);
  }
  if (!made.contains("fragment")) co_return transform_failed(title, "The function's answer has no fragment.");
  co_return std::move(made["fragment"]);
}

Task<Result<Json>> CloudFormationService::transformed(Call call, Wish wish) {
  // What functions in parameters of transforms, and in loops, refer to.
  Stack around;
  around.account = call.account;
  around.region = call.region;
  around.name = text_member(call.input, "StackName");
  Json values = Json::object();
  for (const ParameterValue& value : wish.parameters)
    values[value.key] = parameter_reference(wish.document, value);

  for (int count = 0;; ++count) {
    const std::optional<Json::json_pointer> place = find_snippet(wish.document, Json::json_pointer());
    if (!place) break;
    if (count == most_snippets) co_return transform_failed("AWS::Include", "Includes never end.");
    Json fragment = wish.document.at(*place);
    const Json asked = fragment["Fn::Transform"];
    fragment.erase("Fn::Transform");
    const Lookups lookups = lookups_of(store_, around, wish, nullptr);
    Result<Json> parameters = evaluate(parameters_of(asked), lookups);
    if (!parameters) co_return parameters.error();
    std::string name = name_of(asked);
    if (name == "AWS::Include") {
      Result<Json> more = co_await included(std::move(*parameters));
      if (!more) co_return more.error();
      for (const auto& [key, each] : more->items()) fragment[key] = each;
    } else {
      Json given = values;
      Json before = std::move(fragment);
      Result<Json> made = co_await ask_macro(call, std::move(name), std::move(*parameters), std::move(before),
                                             std::move(given));
      if (!made) co_return made.error();
      fragment = std::move(*made);
    }
    wish.document.at(*place) = std::move(fragment);
    const std::string text = wish.document.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > most_bytes)
      co_return transform_failed(name_of(asked),
                                 fmt::format("The template has more than {} bytes.", most_bytes));
    if (!nests_moderately(text)) co_return transform_failed(name_of(asked), "The template nests too deeply.");
  }
  if (!wish.document.is_object()) co_return transform_failed("Fn::Transform", "The template is no object.");

  const Json top = wish.document.value("Transform", Json::array());
  const Json list = top.is_array() ? top : Json::array({top});
  for (const Json& asked : list) {
    std::string name = name_of(asked);
    if (name == "AWS::LanguageExtensions") {
      const Lookups lookups = lookups_of(store_, around, wish, nullptr);
      Result<Json> extended = extend_language(wish.document, lookups);
      if (!extended) co_return transform_failed(name, extended.error().message);
      wish.document = std::move(*extended);
    } else if (name == "AWS::Serverless-2016-10-31") {
      Result<Json> expanded = expand_sam(wish.document, values, call.region);
      if (!expanded) co_return transform_failed(name, expanded.error().message);
      wish.document = std::move(*expanded);
    } else if (name == "AWS::Include") {
      Json parameters = parameters_of(asked);
      Result<Json> more = co_await included(std::move(parameters));
      if (!more) co_return more.error();
      for (const auto& [key, each] : more->items()) wish.document[key] = each;
    } else {
      Json parameters = parameters_of(asked);
      Json before = wish.document;
      before.erase("Transform");
      Json given = values;
      Result<Json> made = co_await ask_macro(call, std::move(name), std::move(parameters), std::move(before),
                                             std::move(given));
      if (!made) co_return made.error();
      if (!made->is_object())
        co_return transform_failed(call.account + "::" + name_of(asked), "The template is no object.");
      wish.document = std::move(*made);
    }
  }
  wish.document.erase("Transform");
  co_return std::move(wish.document);
}

}  // namespace aviary::cloudformation
