#include "services/cloudformation/core/sam_api.hpp"

#include <algorithm>
#include <cctype>

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

bool is_alphanumeric(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace aviary::cloudformation
