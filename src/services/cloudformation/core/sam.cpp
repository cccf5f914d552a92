#include "services/cloudformation/core/sam.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/checksums.hpp"
#include "base/encoding.hpp"
#include "services/cloudformation/core/sam_application.hpp"
#include "services/cloudformation/core/sam_function.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

/// Globals go below what a resource says itself: objects are merged, lists put together, the rest replaced.
Json merged(const Json& global, const Json& local) {
  if (global.is_object() && local.is_object()) {
    Json out = global;
    for (const auto& [key, value] : local.items())
      out[key] = out.contains(key) ? merged(out[key], value) : value;
    return out;
  }
  if (global.is_array() && local.is_array()) {
    Json out = global;
    for (const Json& each : local) out.push_back(each);
    return out;
  }
  return local;
}

/// `s3://bucket/key?versionId=…`, or the object form.
Json content_place(const Json& uri) {
  Json place = Json::object();
  if (uri.is_string()) {
    std::string text = uri.get<std::string>();
    if (!text.starts_with("s3://")) return nullptr;
    text = text.substr(5);
    if (const std::size_t mark = text.find("?versionId="); mark != std::string::npos) {
      place["S3ObjectVersion"] = text.substr(mark + 11);
      text = text.substr(0, mark);
    }
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return nullptr;
    place["S3Bucket"] = text.substr(0, slash);
    place["S3Key"] = text.substr(slash + 1);
    return place;
  }
  if (!uri.is_object()) return nullptr;
  for (const auto& [from, to] :
       {std::pair{"Bucket", "S3Bucket"}, std::pair{"Key", "S3Key"}, std::pair{"Version", "S3ObjectVersion"}})
    if (uri.contains(from)) place[to] = uri[from];
  return place.contains("S3Bucket") && place.contains("S3Key") ? place : Json(nullptr);
}

void expand_layer(SamDraft& draft, const std::string& name, const Json& resource) {
  const Json properties = resource.value("Properties", Json::object());
  const Json content = content_place(properties.value("ContentUri", Json()));
  if (content.is_null()) {
    draft.refuse(name, "'ContentUri' requires Bucket and Key properties to be specified.");
    return;
  }
  Json layer{{"Content", content}, {"LayerName", properties.value("LayerName", Json(name))}};
  for (const char* member : {"CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo", "Description"})
    if (properties.contains(member)) layer[member] = properties[member];
  std::string policy = "Retain";
  if (properties.contains("RetentionPolicy")) {
    const Json wanted = with_parameters(properties["RetentionPolicy"], draft.parameters);
    std::string text = wanted.is_string() ? wanted.get<std::string>() : "";
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    policy = text == "delete" ? "Delete" : "Retain";
  }
  // The id is that of what the author wrote, so that another content makes another layer.
  Json hashed = resource;
  for (const char* attribute : {"DeletionPolicy", "UpdateReplacePolicy", "Metadata"}) hashed.erase(attribute);
  Json named = Json::object();
  named[name] = std::move(hashed);
  const std::string id = sam_id(name, with_parameters(named, draft.parameters));
  draft.renamed[name] = id;
  Json made{
      {"Type", "AWS::Lambda::LayerVersion"}, {"DeletionPolicy", policy}, {"Properties", std::move(layer)}};
  for (const char* attribute : {"Condition", "DependsOn", "Metadata"})
    if (resource.contains(attribute)) made[attribute] = resource[attribute];
  draft.resources[id] = std::move(made);
}

/// `Ref: Fn.Version`, and layers that got their content into their names.
Json rewritten(const Json& value, const SamDraft& draft) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& each : value) out.push_back(rewritten(each, draft));
    return out;
  }
  if (!value.is_object()) return value;
  const auto new_name = [&](const std::string& name) {
    if (const auto found = draft.referable.find(name); found != draft.referable.end()) return found->second;
    if (const auto found = draft.renamed.find(name); found != draft.renamed.end()) return found->second;
    return name;
  };
  if (value.size() == 1) {
    const std::string& key = value.begin().key();
    const Json& argument = *value.begin();
    if (key == "Ref" && argument.is_string()) return {{"Ref", new_name(argument.get<std::string>())}};
    if (key == "Fn::GetAtt" && argument.is_array() && argument.size() == 2 && argument[0].is_string()) {
      // [Fn.Version, Version] and [Fn, Version.Version] are the same.
      std::string name = argument[0].get<std::string>();
      if (!argument[1].is_string()) return value;
      std::string attribute = argument[1].get<std::string>();
      if (const std::size_t dot = attribute.find('.'); dot != std::string::npos)
        if (draft.referable.contains(name + '.' + attribute.substr(0, dot))) {
          name += '.' + attribute.substr(0, dot);
          attribute = attribute.substr(dot + 1);
        }
      return {{"Fn::GetAtt", Json::array({new_name(name), attribute})}};
    }
    if (key == "Fn::Sub") {
      Json out = argument;
      const auto replace = [&](std::string text) {
        for (const auto* names : {&draft.referable, &draft.renamed})
          for (const auto& [from, to] : *names)
            for (const char* end : {"}", "."}) {
              const std::string wanted = "${" + from + end;
              for (std::size_t at = text.find(wanted); at != std::string::npos;
                   at = text.find(wanted, at + to.size()))
                text.replace(at, wanted.size(), "${" + to + end);
            }
        return text;
      };
      if (argument.is_string()) {
        out = replace(argument.get<std::string>());
      } else if (argument.is_array() && argument.size() == 2 && argument[0].is_string()) {
        out[0] = replace(argument[0].get<std::string>());
        out[1] = rewritten(argument[1], draft);
      }
      return {{"Fn::Sub", std::move(out)}};
    }
  }
  Json out = Json::object();
  for (const auto& [key, each] : value.items()) {
    if (key == "DependsOn" && each.is_string()) {
      out[key] = new_name(each.get<std::string>());
    } else if (key == "DependsOn" && each.is_array()) {
      out[key] = Json::array();
      for (const Json& name : each)
        out[key].push_back(name.is_string() ? Json(new_name(name.get<std::string>())) : name);
    } else {
      out[key] = rewritten(each, draft);
    }
  }
  return out;
}

constexpr std::array refused_types{"AWS::Serverless::SimpleTable", "AWS::Serverless::StateMachine",
                                   "AWS::Serverless::GraphQLApi", "AWS::Serverless::WebSocketApi",
                                   "AWS::Serverless::CapacityProvider"};

AwsError invalid_document(const std::vector<SamProblem>& problems) {
  std::string text = fmt::format(
      "Invalid Serverless Application Specification document. Number of errors found: {}.", problems.size());
  std::vector<std::string> lines;
  for (const SamProblem& each : problems)
    lines.push_back(fmt::format(" Resource with id [{}] is invalid. {}", each.resource, each.text));
  std::ranges::sort(lines);
  for (const std::string& line : lines) text += line;
  return validation_error(text);
}

}  // namespace

std::string sam_hash(const Json& data) {
  const std::string text = data.is_string() ? data.get<std::string>() : data.dump(-1, ' ', true);
  return hex_encode(sha1(text));
}

std::string sam_id(const std::string& prefix, const Json& data) {
  return prefix + sam_hash(data).substr(0, 10);
}

Json sam_ref(const std::string& name) { return {{"Ref", name}}; }
Json sam_att(const std::string& name, const char* attribute) {
  return {{"Fn::GetAtt", Json::array({name, attribute})}};
}

Json sam_tags(const Json& tags, const char* creator) {
  Json list = Json::array({{{"Key", creator}, {"Value", "SAM"}}});
  if (tags.is_object())
    for (const auto& [key, value] : tags.items()) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

Json with_parameters(const Json& value, const Json& parameters) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& each : value) out.push_back(with_parameters(each, parameters));
    return out;
  }
  if (!value.is_object()) return value;
  if (value.size() == 1 && value.begin().key() == "Ref" && value.begin()->is_string()) {
    const std::string name = value.begin()->get<std::string>();
    return parameters.contains(name) ? parameters[name] : value;
  }
  if (value.size() == 1 && value.begin().key() == "Fn::Sub") {
    const auto replace = [&](std::string text) {
      for (const auto& [name, each] : parameters.items()) {
        if (!each.is_string()) continue;
        const std::string wanted = "${" + name + "}";
        const std::string with = each.get<std::string>();
        for (std::size_t at = text.find(wanted); at != std::string::npos;
             at = text.find(wanted, at + with.size()))
          text.replace(at, wanted.size(), with);
      }
      return text;
    };
    Json out = value;
    Json& argument = *out.begin();
    if (argument.is_string()) {
      argument = replace(argument.get<std::string>());
    } else if (argument.is_array() && !argument.empty() && argument[0].is_string()) {
      argument[0] = replace(argument[0].get<std::string>());
      if (argument.size() > 1) argument[1] = with_parameters(argument[1], parameters);
    }
    return out;
  }
  Json out = Json::object();
  for (const auto& [key, each] : value.items()) out[key] = with_parameters(each, parameters);
  return out;
}

namespace {

/// APIs before functions: events add to them.
void begin_apis(SamDraft& draft, const Json& given) {
  for (const auto& [name, resource] : given.items()) {
    if (!resource.is_object()) continue;
    const Json type = resource.value("Type", Json());
    const bool http = type == Json("AWS::Serverless::HttpApi");
    if (!http && type != Json("AWS::Serverless::Api")) continue;
    SamApi api;
    api.resource = resource;
    api.http = http;
    api.properties = rewritten(
        merged(http ? draft.http_globals : draft.api_globals, resource.value("Properties", Json::object())),
        draft);
    if (http)
      draft.http_apis[name] = begin_http_api(std::move(api));
    else
      draft.rest_apis[name] = begin_rest_api(std::move(api));
  }
}

Result<Json> expand(const Json& document, const Json& parameters, const std::string& region) {
  SamDraft draft;
  draft.parameters = parameters;
  draft.parameters["AWS::Region"] = region;
  if (!document.contains("Resources") || !document["Resources"].is_object() || document["Resources"].empty())
    return validation_error(
        "Invalid Serverless Application Specification document. Number of errors found: 1. Structure "
        "of the SAM Template is invalid. 'Resources' section is required");
  const Json globals = document.value("Globals", Json::object());
  const Json& given = document["Resources"];
  // Layers first: functions call them by the ids that they get.
  for (const auto& [name, resource] : given.items())
    if (resource.is_object() && resource.value("Type", Json()) == Json("AWS::Serverless::LayerVersion"))
      expand_layer(draft, name, resource);
  for (const auto& [name, resource] : given.items())
    if (!resource.is_object() || !resource.contains("Type") || !resource["Type"].is_string() ||
        !resource["Type"].get<std::string>().starts_with("AWS::Serverless::"))
      draft.resources[name] = resource;
  draft.api_globals = globals.value("Api", Json::object());
  draft.http_globals = globals.value("HttpApi", Json::object());
  begin_apis(draft, given);
  for (const auto& [name, resource] : given.items()) {
    if (!resource.is_object() || !resource.contains("Type") || !resource["Type"].is_string()) continue;
    const std::string type = resource["Type"].get<std::string>();
    if (type == "AWS::Serverless::Function") {
      Json whole = resource;
      whole["Properties"] = rewritten(
          merged(globals.value("Function", Json::object()), resource.value("Properties", Json::object())),
          draft);
      expand_function(draft, name, whole);
    } else if (type == "AWS::Serverless::Application") {
      expand_application(draft, name, resource);
    } else if (std::ranges::find(refused_types, type) != refused_types.end()) {
      draft.refuse(name, fmt::format("Aviary does not have {} yet.", type));
    }
  }
  expand_preferences(draft);
  expand_rest_apis(draft);
  expand_http_apis(draft);
  expand_connectors(draft, given);
  if (!draft.problems.empty()) return invalid_document(draft.problems);
  Json out = document;
  out.erase("Transform");
  out.erase("Globals");
  out["Resources"] = rewritten(draft.resources, draft);
  if (!draft.conditions.empty()) out["Conditions"].update(draft.conditions);
  if (document.contains("Outputs")) out["Outputs"] = rewritten(document["Outputs"], draft);
  return out;
}

}  // namespace

Result<Json> expand_sam(const Json& document, const Json& parameters, const std::string& region) {
  // Values of a kind that nobody expects (a text where a map belongs) end here.
  try {
    return expand(document, parameters, region);
  } catch (const Json::exception&) {
    return validation_error(
        "Invalid Serverless Application Specification document. Number of errors found: 1. Structure of the "
        "SAM Template is "
        "invalid. A property is not of the kind that it must be.");
  }
}

}  // namespace aviary::cloudformation
