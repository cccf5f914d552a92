#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

std::string as_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Json declared_parameters(const Json& document, bool with_types) {
  Json rows = Json::array();
  const Json defined = document.value("Parameters", Json::object());
  for (const auto& [key, definition] : defined.items()) {
    if (!definition.is_object()) continue;
    const Json hidden = definition.value("NoEcho", Json(false));
    Json row{{"ParameterKey", key}, {"NoEcho", hidden == Json(true) || hidden == Json("true")}};
    if (definition.contains("Default")) row["DefaultValue"] = as_text(definition["Default"]);
    if (definition.contains("Description")) row["Description"] = as_text(definition["Description"]);
    if (with_types) {
      row["ParameterType"] = as_text(definition.value("Type", Json("String")));
      row["ParameterConstraints"] = Json::object();
      for (const Json& value : definition.value("AllowedValues", Json::array()))
        row["ParameterConstraints"]["AllowedValues"].push_back(as_text(value));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// What both operations tell of a template.
Json describe_template(const Json& document, bool with_types) {
  Json out{{"Parameters", declared_parameters(document, with_types)}};
  if (document.contains("Description")) out["Description"] = as_text(document["Description"]);
  if (const std::optional<Needed> needed = needed_capability(document)) {
    out["Capabilities"] = Json::array({needed->capability});
    out["CapabilitiesReason"] = needed->reason;
  }
  const std::vector<std::string> transforms = transforms_of(document);
  if (!transforms.empty()) {
    out["DeclaredTransforms"] = transforms;
    out["Capabilities"].push_back("CAPABILITY_AUTO_EXPAND");
  }
  return out;
}

}  // namespace

Result<Reply> CloudFormationService::get_template(Call& call) {
  Reply reply;
  const bool processed = text_member(call.input, "TemplateStage") == "Processed";
  const Wish* wish = nullptr;
  if (!text_member(call.input, "ChangeSetName").empty()) {
    Stack* stack = nullptr;
    const Result<ChangeSet*> set = change_set_of(call, stack);
    if (!set) return set.error();
    wish = &(*set)->wish;
  } else {
    const Result<Stack*> stack = stack_of(call);
    if (!stack) return stack.error();
    wish = &(*stack)->wish;
  }
  reply.output["StagesAvailable"] = Json::array({"Original", "Processed"});
  if (processed) {
    reply.output["TemplateBody"] = wish->document.dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    reply.output["TemplateBody"] = wish->text;
  }
  return reply;
}

Task<Result<Reply>> CloudFormationService::get_template_summary(Call call) {
  Result<std::string> text = co_await text_of_template(call);
  if (!text) co_return text.error();
  const Result<Json> document = parse_template(*text);
  if (!document) co_return document.error();
  Reply reply;
  reply.output = describe_template(*document, true);
  std::set<std::string> types;
  const Json resources = document->value("Resources", Json::object());
  for (const auto& [name, resource] : resources.items())
    if (resource.is_object()) types.insert(as_text(resource.value("Type", Json(""))));
  reply.output["ResourceTypes"] = types;
  if (document->contains("AWSTemplateFormatVersion"))
    reply.output["Version"] = as_text((*document)["AWSTemplateFormatVersion"]);
  if (document->contains("Metadata")) reply.output["Metadata"] = (*document)["Metadata"].dump();
  co_return reply;
}

Task<Result<Reply>> CloudFormationService::validate_template(Call call) {
  Result<std::string> text = co_await text_of_template(call);
  if (!text) co_return text.error();
  const Result<Json> document = parse_template(*text);
  if (!document) co_return document.error();
  // What a transform makes of it is not looked at.
  if (transforms_of(*document).empty())
    if (const Result<> checked = check_template(*document); !checked) co_return checked.error();
  Reply reply;
  reply.output = describe_template(*document, false);
  co_return reply;
}

}  // namespace aviary::cloudformation
