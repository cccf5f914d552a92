#include "services/cloudformation/core/template.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

AwsError template_format_error(std::string_view text) {
  return validation_error(fmt::format("Template format error: {}", text));
}

const Json& section(const Json& document, const char* name) {
  static const Json none = Json::object();
  const auto found = document.find(name);
  return found != document.end() && found->is_object() ? *found : none;
}

bool is_logical_id(std::string_view name) {
  return !name.empty() && name.size() <= 255 &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0; });
}

Result<> check_resource(const std::string& name, const Json& resource) {
  if (!is_logical_id(name))
    return template_format_error(fmt::format("Resource name {} is non alphanumeric.", name));
  if (!resource.is_object())
    return template_format_error(fmt::format("[/Resources/{}] resource definition is malformed", name));
  if (!resource.contains("Type") || !resource["Type"].is_string())
    return template_format_error(
        fmt::format("[/Resources/{}] Every Resources object must contain a Type member.", name));
  static constexpr std::array allowed{"Type",         "Properties",          "DependsOn",
                                      "Condition",    "DeletionPolicy",      "Metadata",
                                      "UpdatePolicy", "UpdateReplacePolicy", "CreationPolicy"};
  for (const auto& [key, value] : resource.items())
    if (std::ranges::find(allowed, key) == allowed.end())
      return validation_error(fmt::format("Invalid template resource property '{}'", key));
  if (resource.contains("Properties") && !resource["Properties"].is_object() &&
      !resource["Properties"].is_null())
    return template_format_error(
        fmt::format("[/Resources/{}/Properties] Properties must be an object.", name));
  for (const char* attribute : {"DeletionPolicy", "UpdateReplacePolicy"}) {
    if (!resource.contains(attribute)) continue;
    if (!resource[attribute].is_string())
      return template_format_error(fmt::format("Every {} member must be a string.", attribute));
    const std::string policy = resource[attribute].get<std::string>();
    const bool deletes = std::string_view(attribute) == "DeletionPolicy";
    if (policy != "Delete" && policy != "Retain" && policy != "Snapshot" &&
        !(deletes && policy == "RetainExceptOnCreate"))
      return template_format_error(
          fmt::format("Unrecognized {} {} for resource {}", attribute, policy, name));
    // Those that have snapshots are not among the types that are here.
    const std::string type = resource["Type"].get<std::string>();
    if (policy == "Snapshot" && find_resource_type(type) != nullptr)
      return validation_error(
          fmt::format("Template error: resource type {} does not support {} policy Snapshot", type,
                      deletes ? "deletion" : "update replace"));
  }
  return {};
}

Result<> check_references(const Json& document) {
  const Json& resources = section(document, "Resources");
  const Json& parameters = section(document, "Parameters");
  std::set<std::string> missing;
  const auto note = [&](const Json& expression) {
    std::set<std::string> names;
    collect_references(expression, names);
    for (const std::string& name : names)
      if (!resources.contains(name) && !parameters.contains(name) && !name.starts_with("AWS::"))
        missing.insert(name);
  };
  for (const auto& [name, resource] : resources.items()) {
    for (const char* part : {"Properties", "UpdatePolicy"})
      if (resource.contains(part)) note(resource[part]);
    const Json depends = resource.value("DependsOn", Json::array());
    for (const Json& each : depends.is_array() ? depends : Json::array({depends}))
      if (each.is_string() && !resources.contains(each.get<std::string>()))
        missing.insert(each.get<std::string>());
    if (resource.contains("Condition") && resource["Condition"].is_string() &&
        !section(document, "Conditions").contains(resource["Condition"].get<std::string>()))
      return template_format_error(
          fmt::format("Unresolved condition dependency {} in the Resources block of the template",
                      resource["Condition"].get<std::string>()));
  }
  if (!missing.empty())
    return template_format_error(
        fmt::format("Unresolved resource dependencies [{}] in the Resources block of the template",
                    fmt::join(missing, ", ")));
  for (const auto& [name, output] : section(document, "Outputs").items()) {
    if (!output.is_object() || !output.contains("Value"))
      return template_format_error(
          fmt::format("Output {} is malformed. The Value attribute must be present", name));
    note(output["Value"]);
  }
  if (!missing.empty())
    return template_format_error(
        fmt::format("Unresolved resource dependencies [{}] in the Outputs block of the template",
                    fmt::join(missing, ", ")));
  return {};
}

Result<> check_cycles(const Json& resources) {
  // Kahn: what never becomes free is in a cycle or behind one.
  std::map<std::string, std::set<std::string>> waiting;
  for (const auto& [name, resource] : resources.items()) waiting[name] = dependencies_of(resource, resources);
  while (true) {
    std::vector<std::string> free;
    for (const auto& [name, others] : waiting)
      if (others.empty()) free.push_back(name);
    if (free.empty()) break;
    for (const std::string& name : free) waiting.erase(name);
    for (auto& [name, others] : waiting)
      for (const std::string& done : free) others.erase(done);
  }
  if (waiting.empty()) return {};
  std::vector<std::string> names;
  for (const auto& [name, others] : waiting) names.push_back(name);
  return validation_error(fmt::format("Circular dependency between resources: [{}]", fmt::join(names, ", ")));
}

std::optional<double> number_in(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return number;
}

std::string text_in(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Result<> check_value(const std::string& key, const Json& definition, const std::string& value) {
  const std::string type = text_in(definition.value("Type", Json("String")));
  const auto complaint = [&](std::string_view rule) {
    if (definition.contains("ConstraintDescription"))
      return validation_error(fmt::format("Parameter {} failed to satisfy constraint: {}", key,
                                          text_in(definition["ConstraintDescription"])));
    return validation_error(fmt::format("Parameter '{}' {}", key, rule));
  };
  if (definition.contains("AllowedValues") && definition["AllowedValues"].is_array()) {
    std::vector<std::string> allowed;
    for (const Json& each : definition["AllowedValues"]) allowed.push_back(text_in(each));
    if (std::ranges::find(allowed, value) == allowed.end()) return complaint("must be one of AllowedValues");
  }
  if (type == "Number") {
    const std::optional<double> number = number_in(Json(value));
    if (!number) return complaint("must be a number.");
    if (const auto least = number_in(definition.value("MinValue", Json())); least && *number < *least)
      return complaint(fmt::format("must be a number not less than {}", text_in(definition["MinValue"])));
    if (const auto most = number_in(definition.value("MaxValue", Json())); most && *number > *most)
      return complaint(fmt::format("must be a number not greater than {}", text_in(definition["MaxValue"])));
  }
  if (const auto least = number_in(definition.value("MinLength", Json()));
      least && static_cast<double>(value.size()) < *least)
    return complaint(fmt::format("must contain at least {} characters", text_in(definition["MinLength"])));
  if (const auto most = number_in(definition.value("MaxLength", Json()));
      most && static_cast<double>(value.size()) > *most)
    return complaint(fmt::format("must contain at most {} characters", text_in(definition["MaxLength"])));
  return {};
}

}  // namespace

std::set<std::string> dependencies_of(const Json& resource, const Json& resources) {
  std::set<std::string> names;
  for (const char* part : {"Properties", "UpdatePolicy"})
    if (resource.contains(part)) collect_references(resource[part], names);
  const Json depends = resource.value("DependsOn", Json::array());
  for (const Json& each : depends.is_array() ? depends : Json::array({depends}))
    if (each.is_string()) names.insert(each.get<std::string>());
  std::erase_if(names, [&](const std::string& name) { return !resources.contains(name); });
  return names;
}

Result<> check_template(const Json& document) {
  static constexpr std::array sections{"AWSTemplateFormatVersion",
                                       "Description",
                                       "Metadata",
                                       "Parameters",
                                       "Rules",
                                       "Mappings",
                                       "Conditions",
                                       "Transform",
                                       "Resources",
                                       "Outputs",
                                       "Hooks",
                                       "Globals"};
  std::vector<std::string> unknown;
  for (const auto& [key, value] : document.items())
    if (std::ranges::find(sections, key) == sections.end()) unknown.push_back(key);
  if (!unknown.empty())
    return validation_error(
        fmt::format("Invalid template property or properties [{}]", fmt::join(unknown, ", ")));
  for (const char* name : {"Parameters", "Mappings", "Conditions", "Outputs"})
    if (document.contains(name) && !document[name].is_object() && !document[name].is_null())
      return template_format_error(fmt::format("[/{}] '{}' must be an object", name, name));
  const Json& resources = section(document, "Resources");
  if (resources.empty()) return template_format_error("At least one Resources member must be defined.");
  if (resources.size() > 500)
    return template_format_error("Number of resources, " + std::to_string(resources.size()) +
                                 ", is greater than maximum allowed, 500");
  for (const auto& [name, definition] : section(document, "Parameters").items())
    if (!definition.is_object() || !definition.contains("Type"))
      return template_format_error("Every Parameters object must contain a Type member.");
  for (const auto& [name, resource] : resources.items())
    if (Result<> checked = check_resource(name, resource); !checked) return checked;
  if (Result<> checked = check_references(document); !checked) return checked;
  return check_cycles(resources);
}

Result<ParameterValues> parameter_values(const Json& document, const std::vector<GivenParameter>& given,
                                         const ParameterValues& previous) {
  const Json& defined = section(document, "Parameters");
  for (const GivenParameter& each : given)
    if (!defined.contains(each.key))
      return validation_error(fmt::format("Parameters: [{}] do not exist in the template", each.key));
  for (const auto& [key, definition] : defined.items())
    if (!definition.is_object() || !definition.contains("Type"))
      return template_format_error("Every Parameters object must contain a Type member.");
  ParameterValues values;
  std::vector<std::string> missing;
  for (const auto& [key, definition] : defined.items()) {
    const auto named = std::ranges::find(given, key, &GivenParameter::key);
    const auto before = std::ranges::find(previous, key, &ParameterValue::key);
    ParameterValue value{.key = key, .value = {}};
    const Json hidden = definition.value("NoEcho", Json(false));
    value.hidden = hidden == Json(true) || hidden == Json("true");
    if (named != given.end() && named->use_previous) {
      if (before == previous.end())
        return validation_error(
            fmt::format("Invalid input for parameter key {}. Cannot specify usePreviousValue as true "
                        "for a parameter key not in the previous template",
                        key));
      value.value = before->value;
    } else if (named != given.end() && named->value) {
      value.value = *named->value;
    } else if (definition.contains("Default")) {
      value.value = text_in(definition["Default"]);
    } else {
      missing.push_back(key);
      continue;
    }
    if (Result<> checked = check_value(key, definition, value.value); !checked) return checked.error();
    values.push_back(std::move(value));
  }
  if (!missing.empty())
    return validation_error(fmt::format("Parameters: [{}] must have values", fmt::join(missing, ", ")));
  return values;
}

bool is_ssm_parameter(const Json& document, const std::string& key) {
  const Json& defined = section(document, "Parameters");
  return defined.contains(key) &&
         text_in(defined[key].value("Type", Json(""))).starts_with("AWS::SSM::Parameter::Value<");
}

Json parameter_reference(const Json& document, const ParameterValue& parameter) {
  const Json& defined = section(document, "Parameters");
  const std::string type = defined.contains(parameter.key)
                               ? text_in(defined[parameter.key].value("Type", Json("String")))
                               : std::string();
  const std::string& text = parameter.resolved.empty() ? parameter.value : parameter.resolved;
  if (type != "CommaDelimitedList" && type.find("List<") == std::string::npos) return text;
  Json list = Json::array();
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    list.push_back(part);
    if (comma == std::string_view::npos) return list;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::map<std::string, bool>> condition_values(const Json& document, const Lookups& lookups) {
  const Json& defined = section(document, "Conditions");
  std::map<std::string, bool> values;
  for (const auto& [name, expression] : defined.items()) {
    std::set<std::string> open{name};
    const Result<bool> held = evaluate_condition(expression, lookups, defined, open);
    if (!held) return held.error();
    values[name] = *held;
  }
  return values;
}

std::optional<Needed> needed_capability(const Json& document) {
  static constexpr std::array kinds{"AWS::IAM::Role",          "AWS::IAM::Policy",
                                    "AWS::IAM::ManagedPolicy", "AWS::IAM::User",
                                    "AWS::IAM::Group",         "AWS::IAM::InstanceProfile",
                                    "AWS::IAM::AccessKey",     "AWS::IAM::UserToGroupAddition"};
  std::optional<Needed> needed;
  for (const auto& [name, resource] : section(document, "Resources").items()) {
    const std::string type = text_in(resource.value("Type", Json("")));
    if (std::ranges::find(kinds, type) == kinds.end()) continue;
    const Json properties = resource.value("Properties", Json::object());
    const bool named =
        type != "AWS::IAM::Policy" &&
        std::ranges::any_of(
            std::array{"RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName"},
            [&](const char* member) { return type != "AWS::IAM::AccessKey" && properties.contains(member); });
    if (!needed || named)
      needed = Needed{named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM",
                      fmt::format("The following resource(s) require capabilities: [{}]", type)};
    if (named) break;
  }
  return needed;
}

std::vector<std::string> transforms_of(const Json& document) {
  std::vector<std::string> names;
  const Json transform = document.value("Transform", Json::array());
  for (const Json& each : transform.is_array() ? transform : Json::array({transform}))
    if (each.is_string()) {
      names.push_back(each.get<std::string>());
    } else if (each.is_object() && each.contains("Name") && each["Name"].is_string()) {
      names.push_back(each["Name"].get<std::string>());
    }
  return names;
}

}  // namespace aviary::cloudformation
