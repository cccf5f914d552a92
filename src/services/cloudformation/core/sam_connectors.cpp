#include "services/cloudformation/core/sam_connectors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "services/cloudformation/core/sam_api.hpp"

/// AWS::Serverless::Connector, and the Connectors that a resource has: what lets one resource use another.
namespace aviary::cloudformation {
namespace {

/// One end of a connector; null members are not known.
struct ConnectorEnd {
  std::string logical_id{};  ///< empty: it is said by its properties
  std::string type{};
  Json arn{};
  Json role_name{};
  Json queue_url{};
  Json resource_id{};
  Json name{};
  Json qualifier{};
  std::string problem{};
};

/// The logical id in `Ref` or `Fn::GetAtt`; empty: none.
std::string logical_id_in(const Json& value) {
  if (!value.is_object() || value.size() != 1) return {};
  const Json& argument = *value.begin();
  if (value.begin().key() == "Ref" && argument.is_string()) return argument.get<std::string>();
  if (value.begin().key() != "Fn::GetAtt") return {};
  if (argument.is_array() && !argument.empty() && argument[0].is_string())
    return argument[0].get<std::string>();
  return argument.is_string() ? argument.get<std::string>().substr(0, argument.get<std::string>().find('.'))
                              : std::string();
}

struct Replacement {
  std::string mark;  ///< `Source.Arn`
  Json value;
};

/// `%{Source.Arn}` alone becomes the value, within a text a variable of Fn::Sub.
Json replaced_text(std::string text, const std::vector<Replacement>& all, std::string& problem) {
  Json variables = Json::object();
  for (const Replacement& each : all) {
    const std::string mark = "%{" + each.mark + "}";
    std::size_t at = text.find(mark);
    if (at == std::string::npos) continue;
    if (each.value.is_null()) {
      problem = each.mark + " is missing.";
      return nullptr;
    }
    if (text == mark) return each.value;
    std::string variable = each.mark;
    std::erase_if(variable, [](unsigned char c) { return std::isalnum(c) == 0; });
    for (; at != std::string::npos; at = text.find(mark, at))
      text.replace(at, mark.size(), "${" + variable + "}");
    variables[variable] = each.value;
  }
  if (text.find("${") == std::string::npos) return text;
  return variables.empty() ? Json{{"Fn::Sub", text}} : Json{{"Fn::Sub", Json::array({text, variables})}};
}

Json with_replacements(const Json& value, const std::vector<Replacement>& all, std::string& problem) {
  if (value.is_string()) return replaced_text(value.get<std::string>(), all, problem);
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& each : out) each = with_replacements(each, all, problem);
  return out;
}

/// The role of a rule's target that is the other end.
Json role_of_rule(const Json& properties, const Json& other) {
  for (const Json& target : properties.value("Targets", Json::array())) {
    const Json arn = sam_member(target, "Arn");
    const std::string id = logical_id_in(arn);
    if ((!id.empty() && sam_member(other, "Id") == Json(id)) ||
        (!sam_member(other, "Arn").is_null() && arn == sam_member(other, "Arn")))
      return sam_member(target, "RoleArn");
  }
  return nullptr;
}

std::string cloudformation_type(const std::string& type) {
  if (type == "AWS::Serverless::Function") return "AWS::Lambda::Function";
  if (type == "AWS::Serverless::Api") return "AWS::ApiGateway::RestApi";
  if (type == "AWS::Serverless::HttpApi") return "AWS::ApiGatewayV2::Api";
  if (type == "AWS::Serverless::StateMachine") return "AWS::StepFunctions::StateMachine";
  return type == "AWS::Serverless::SimpleTable" ? "AWS::DynamoDB::Table" : type;
}

ConnectorEnd end_of(const SamDraft& draft, const Json& said, const Json& other) {
  ConnectorEnd end;
  const bool by_id = said.contains("Id");
  const bool by_others = std::ranges::any_of(
      said.items(), [](const auto& each) { return each.key() != "Id" && each.key() != "Qualifier"; });
  if (by_id == by_others) {
    end.problem =
        "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.";
    return end;
  }
  if (!by_id) {
    if (!sam_member(said, "Type").is_string()) {
      end.problem = "'Type' is missing or not a string.";
      return end;
    }
    end.type = cloudformation_type(said["Type"].get<std::string>());
    end.arn = sam_member(said, "Arn");
    end.role_name = sam_member(said, "RoleName");
    end.queue_url = sam_member(said, "QueueUrl");
    end.resource_id = sam_member(said, "ResourceId");
    end.name = sam_member(said, "Name");
    end.qualifier = sam_member(said, "Qualifier");
    return end;
  }
  if (!said["Id"].is_string()) {
    end.problem = "'Id' is missing or not a string.";
    return end;
  }
  end.logical_id = said["Id"].get<std::string>();
  const Json resource = sam_member(draft.resources, end.logical_id.c_str());
  if (resource.is_null()) {
    end.problem = fmt::format("Unable to find resource with logical ID '{}'.", end.logical_id);
    return end;
  }
  end.type = resource.value("Type", std::string());
  const std::vector<Replacement> own{{"logicalId", Json(end.logical_id)}};
  const Json kind =
      with_replacements(connector_resources().value(end.type, Json::object()), own, end.problem);
  const Json outputs = kind.value("Outputs", Json::object());
  end.arn = sam_member(outputs, "Arn");
  end.queue_url = sam_member(outputs, "Url");
  end.resource_id = sam_member(outputs, "Id");
  end.name = sam_member(outputs, "Name");
  end.qualifier = said.contains("Qualifier") ? said["Qualifier"] : sam_member(outputs, "Qualifier");
  const Json properties = resource.value("Properties", Json::object());
  const Json input = sam_member(kind.value("Inputs", Json::object()), "Role");
  const Json role = input.is_string()   ? sam_member(properties, input.get<std::string>().c_str())
                    : input.is_object() ? role_of_rule(properties, other)
                                        : Json();
  if (const std::string id = logical_id_in(role); !id.empty()) end.role_name = sam_ref(id);
  return end;
}

void add_depends_on(SamDraft& draft, const std::string& id, const std::string& on) {
  if (!draft.resources.contains(id)) return;
  Json& depends = draft.resources[id]["DependsOn"];
  if (depends.is_string()) depends = Json::array({depends});
  if (depends.is_null()) depends = Json::array();
  if (std::ranges::find(depends, Json(on)) == depends.end()) depends.push_back(on);
}

class Connector {
 public:
  Connector(SamDraft& draft, const std::string& name, const Json& resource, const Json& given)
      : draft_(draft), name_(name), resource_(resource), given_(given) {}

  void expand() {
    const Json properties = resource_.value("Properties", Json::object());
    for (const char* member : {"Source", "Destination", "Permissions"})
      if (!properties.contains(member)) return refuse(fmt::format("Missing required property '{}'.", member));
    const bool many = properties["Destination"].is_array();
    const Json ends = many ? properties["Destination"] : Json::array({properties["Destination"]});
    if (ends.empty()) return refuse("'Destination' is an empty list");
    for (const Json& each : properties["Permissions"])
      if (each.is_string()) permissions_.insert(each.get<std::string>());
    for (std::size_t i = 0; i < ends.size(); ++i)
      if (!connect(properties["Source"], ends[i], many ? fmt::format("Destination{}", i) : std::string()))
        return;
  }

 private:
  void refuse(const std::string& text) { draft_.refuse(name_, text); }

  bool connect(const Json& from, const Json& to, const std::string& suffix) {
    const ConnectorEnd destination = end_of(draft_, to, from);
    const ConnectorEnd source = end_of(draft_, from, to);
    for (const ConnectorEnd* each : {&destination, &source})
      if (!each->problem.empty()) return refuse(each->problem), false;
    const auto found = connector_profiles().find(source.type + ' ' + destination.type);
    if (found == connector_profiles().end())
      return refuse(fmt::format(
                 "Unable to create connector from {} to {}; it's not supported or the template is invalid.",
                 source.type, destination.type)),
             false;
    const std::string between = source.type + " to " + destination.type;
    if (std::string problem = permissions_problem(*found, between); !problem.empty())
      return refuse(problem), false;
    const std::vector<Replacement> all{{"Source.Arn", source.arn},
                                       {"Destination.Arn", destination.arn},
                                       {"Source.ResourceId", source.resource_id},
                                       {"Destination.ResourceId", destination.resource_id},
                                       {"Source.Name", source.name},
                                       {"Destination.Name", destination.name},
                                       {"Source.Qualifier", source.qualifier},
                                       {"Destination.Qualifier", destination.qualifier}};
    std::string problem;
    const Json profile = with_replacements(*found, all, problem);
    if (!problem.empty()) return refuse(problem), false;
    const bool of_source = profile.value("SourcePolicy", false);
    const ConnectorEnd& owner = of_source ? source : destination;
    const char* end_name = of_source ? "Source" : "Destination";
    return permit(profile, owner, end_name, source, destination, suffix);
  }

  std::string permissions_problem(const Json& profile, const std::string& between) const {
    std::vector<std::string> known;
    for (const auto& [category, said] : profile["AccessCategories"].items()) known.push_back(category);
    if (permissions_.empty())
      return fmt::format("'Permissions' cannot be empty; valid values are: {}.", fmt::join(known, ", "));
    for (const std::string& each : permissions_)
      if (std::ranges::find(known, each) == known.end())
        return fmt::format("Unsupported 'Permissions' provided for connector from {}; valid values are: {}.",
                           between, fmt::join(known, ", "));
    const Json valid = profile.value("ValidAccessCategories", Json::array());
    std::vector<std::string> combinations;
    for (const Json& each : valid) {
      const std::set<std::string> one = each.get<std::set<std::string>>();
      if (one == permissions_) return {};
      combinations.push_back(fmt::format("{}", fmt::join(one, " + ")));
    }
    return combinations.empty()
               ? std::string()
               : fmt::format(
                     "Unsupported 'Permissions' provided for connector from {}; valid combinations are: {}.",
                     between, fmt::join(combinations, ", "));
  }

  /// In the order of the translator, which is not always that of the alphabet.
  Json statements(const Json& profile) const {
    Json order = profile.value("Order", Json::array());
    if (order.empty())
      for (const auto& [category, said] : profile["AccessCategories"].items()) order.push_back(category);
    Json list = Json::array();
    for (const Json& category : order)
      if (permissions_.contains(category.get<std::string>()))
        for (const Json& each : profile["AccessCategories"][category.get<std::string>()]["Statement"])
          list.push_back(each);
    return {{"Version", "2012-10-17"}, {"Statement", std::move(list)}};
  }

  bool permit(const Json& profile, const ConnectorEnd& owner, const char* end_name,
              const ConnectorEnd& source, const ConnectorEnd& destination, const std::string& suffix) {
    const std::string type = profile["Type"].get<std::string>();
    if (type == "AWS_IAM_ROLE_MANAGED_POLICY") {
      if (owner.role_name.is_null())
        return refuse(fmt::format("Unable to get IAM role name from '{}' resource.", end_name)), false;
      const std::string id = name_ + "Policy" + suffix;
      add(id, "AWS::IAM::ManagedPolicy",
          {{"PolicyDocument", statements(profile)}, {"Roles", Json::array({owner.role_name})}}, source,
          destination);
      depend(profile, source, destination, id);
    } else if (type == "AWS_SQS_QUEUE_POLICY") {
      if (owner.queue_url.is_null())
        return refuse(fmt::format("Unable to get SQS queue URL from '{}' resource.", end_name)), false;
      add(name_ + "QueuePolicy" + suffix, "AWS::SQS::QueuePolicy",
          {{"PolicyDocument", statements(profile)}, {"Queues", Json::array({owner.queue_url})}}, source,
          destination);
    } else if (type == "AWS_SNS_TOPIC_POLICY") {
      if (owner.arn.is_null())
        return refuse(fmt::format("Unable to get SNS topic ARN from '{}' resource.", end_name)), false;
      add(name_ + "TopicPolicy" + suffix, "AWS::SNS::TopicPolicy",
          {{"PolicyDocument", statements(profile)}, {"Topics", Json::array({owner.arn})}}, source,
          destination);
    } else {
      if (owner.arn.is_null())
        return refuse(fmt::format("Unable to get Lambda function ARN from '{}' resource.", end_name)), false;
      for (const auto& [category, said] : profile["AccessCategories"].items()) {
        if (!permissions_.contains(category)) continue;
        Json permission = said;
        permission["FunctionName"] = owner.arn;
        add(name_ + category + "LambdaPermission" + suffix, "AWS::Lambda::Permission", std::move(permission),
            source, destination);
      }
    }
    return true;
  }

  /// Whoever needs the policy waits for it.
  void depend(const Json& profile, const ConnectorEnd& source, const ConnectorEnd& destination,
              const std::string& id) {
    const Json by = sam_member(profile, "DependedBy");
    if (by == Json("SOURCE") && !source.logical_id.empty()) add_depends_on(draft_, source.logical_id, id);
    if (by != Json("DESTINATION_EVENT_SOURCE_MAPPING")) return;
    std::vector<std::string> mappings;
    for (const auto& [each, resource] : draft_.resources.items()) {
      const Json properties = sam_member(resource, "Properties");
      if (sam_member(resource, "Type") == Json("AWS::Lambda::EventSourceMapping") &&
          logical_id_in(sam_member(properties, "FunctionName")) == destination.logical_id &&
          logical_id_in(sam_member(properties, "EventSourceArn")) == source.logical_id)
        mappings.push_back(each);
    }
    if (mappings.size() == 1) add_depends_on(draft_, mappings.front(), id);
  }

  void add(const std::string& id, const char* type, Json properties, const ConnectorEnd& source,
           const ConnectorEnd& destination) {
    Json made{{"Type", type}, {"Properties", std::move(properties)}};
    for (const char* attribute : {"Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"})
      if (resource_.contains(attribute)) made[attribute] = resource_[attribute];
    if (made.contains("DependsOn") && made["DependsOn"].is_string())
      made["DependsOn"] = Json::array({made["DependsOn"]});
    const auto written = [&](const ConnectorEnd& end) {
      const Json type_of = sam_member(sam_member(given_, end.logical_id.c_str()), "Type");
      return type_of.is_null() ? Json(end.type) : type_of;
    };
    made["Metadata"]["aws:sam:connectors"][name_] = {{"Source", {{"Type", written(source)}}},
                                                     {"Destination", {{"Type", written(destination)}}}};
    draft_.resources[id] = std::move(made);
  }

  SamDraft& draft_;
  const std::string& name_;
  const Json& resource_;
  const Json& given_;
  std::set<std::string> permissions_;
};

}  // namespace

void expand_connectors(SamDraft& draft, const Json& given) {
  for (const auto& [name, resource] : given.items())
    if (resource.is_object() && sam_member(resource, "Type") == Json("AWS::Serverless::Connector"))
      Connector(draft, name, resource, given).expand();
  for (const auto& [name, resource] : given.items()) {
    const Json own = sam_member(resource, "Connectors");
    if (draft.resources.contains(name)) draft.resources[name].erase("Connectors");
    if (!own.is_object()) continue;
    for (const auto& [each, said] : own.items()) {
      Json whole = said;
      whole["Properties"]["Source"] =
          sam_member(said, "SourceReference").is_object() ? said["SourceReference"] : Json::object();
      whole["Properties"]["Source"]["Id"] = name;
      whole.erase("SourceReference");
      const std::string id = name + each;
      Connector(draft, id, whole, given).expand();
    }
  }
}

}  // namespace aviary::cloudformation
