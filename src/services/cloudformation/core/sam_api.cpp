#include "services/cloudformation/core/sam_api.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

/// What REST and HTTP APIs of SAM share.
namespace aviary::cloudformation {

Json sam_member(const Json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() ? Json() : *found;
}

bool sam_truth(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  return value.is_string() ? !value.get_ref<const std::string&>().empty() : !value.empty();
}

std::string path_with_stars(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const std::size_t end = path[at] == '{' ? path.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      out += path[at];
    } else {
      out += '*';
      at = end;
    }
  }
  return out;
}

Json integration_uri(const SamTarget& target, const char* partition) {
  const std::string function = target.invoked == target.function ? target.function + ".Arn" : target.invoked;
  return {{"Fn::Sub", "arn:" + std::string(partition) +
                          ":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" + function +
                          "}/invocations"}};
}

Json api_permission(const Json& function, const char* partition, const std::string& resource,
                    const Json& parameters) {
  return {{"Type", "AWS::Lambda::Permission"},
          {"Properties",
           {{"Action", "lambda:InvokeFunction"},
            {"FunctionName", function},
            {"Principal", "apigateway.amazonaws.com"},
            {"SourceArn",
             {{"Fn::Sub", Json::array({"arn:" + std::string(partition) +
                                           ":execute-api:${AWS::Region}:${AWS::AccountId}:" + resource,
                                       parameters})}}}}}};
}

std::string method_key(std::string method) {
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
  return method == "any" || method == "*" ? any_method_key : method;
}

void pass_on_attributes(const Json& resource, Json& made) {
  for (const char* attribute : {"Condition", "DeletionPolicy", "UpdateReplacePolicy"})
    if (resource.contains(attribute)) made[attribute] = resource[attribute];
}

Json conditional_permission(const SamTarget& target, Json permission) {
  if (!target.condition.empty()) permission["Condition"] = target.condition;
  return permission;
}

namespace {

Json only_if(const std::string& condition, Json value) {
  return {{"Fn::If", Json::array({condition, std::move(value), sam_ref("AWS::NoValue")})}};
}

/// One of several: `Fn::Or` takes ten, so there may be several of those too.
void add_combined_condition(SamDraft& draft, const std::set<std::string>& names, const std::string& name) {
  constexpr std::size_t most = 10;
  std::vector<std::string> left(names.begin(), names.end());
  std::size_t more = 0;
  for (std::size_t count = left.size(); count > most; count -= most - 1) ++more;
  while (left.size() > 1) {
    const std::string made = more > 0 ? name + std::to_string(more--) : name;
    const std::size_t taken = std::min(most, left.size());
    Json any = Json::array();
    for (std::size_t i = 0; i < taken; ++i) any.push_back({{"Condition", left[i]}});
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(taken));
    left.push_back(made);
    draft.conditions[made] = {{"Fn::Or", std::move(any)}};
  }
}

/// The condition for all of them; empty if one of them is always there.
std::string common_condition(SamDraft& draft, const std::set<std::string>& names,
                             const std::string& combined) {
  if (names.empty() || names.contains("")) return {};
  if (names.size() == 1) return *names.begin();
  add_combined_condition(draft, names, combined);
  return combined;
}

std::string path_condition_name(const std::string& id, const std::string& path) {
  std::string out = id;
  for (const char c : path) {
    if (c == '/')
      out += "SLASH";
    else if (c == '{')
      out += "OB";
    else if (c == '}')
      out += "CB";
    else
      out += c;
  }
  return out + "PathCondition";
}

}  // namespace

void apply_conditions(SamDraft& draft, const std::string& id, const char* implicit_id, SamApi& api) {
  std::set<std::string> everywhere;
  for (const auto& [path, methods] : api.conditions) {
    std::set<std::string> here;
    Json& item = api.body["paths"][path];
    for (const auto& [method, condition] : methods) {
      here.insert(condition);
      if (condition.empty()) continue;
      Json& operation = item[method];
      Json& uri = operation[integration_key]["uri"];
      uri = only_if(condition, uri);
      operation = only_if(condition, operation);
    }
    everywhere.insert(here.begin(), here.end());
    if (!api.managed) continue;
    if (const std::string condition = common_condition(draft, here, path_condition_name(id, path));
        !condition.empty())
      item = only_if(condition, item);
  }
  if (id != implicit_id) return;
  if (const std::string condition = common_condition(draft, everywhere, id + "Condition"); !condition.empty())
    api.resource["Condition"] = condition;
}

bool is_alphanumeric(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace aviary::cloudformation
