#include "services/codedeploy/core/app_spec.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "models/codedeploy.hpp"

namespace aviary::codedeploy {
namespace {

/// Far beyond any AppSpec file for Lambda; keeps the parser safe.
constexpr std::size_t largest_text = 256 * 1024;
constexpr int deepest = 20;
/// Anchors let a few lines stand for any number of nodes.
constexpr int most_nodes = 10'000;

AwsError refused(std::string text) {
  return AwsError(models::codedeploy::errors::InvalidRevisionException, std::move(text));
}

/// The path and tag of the first value that carries a tag of its own, as CloudFormation's short forms do.
std::optional<std::string> intrinsic_in(const YAML::Node& node, const std::string& path, int depth,
                                        int& left) {
  if (depth > deepest || --left < 0) return path + " is nested too deeply";
  const std::string& tag = node.Tag();
  if (tag.size() > 1 && tag[0] == '!' && !tag.starts_with("!<"))
    return fmt::format("{} is {} {}", path, tag, node.IsScalar() ? node.Scalar() : std::string("…"));
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
      if (node.size() == 1 && (key == "Ref" || key.starts_with("Fn::")))
        return fmt::format("{} is {{\"{}\": …}}", path, key);
      if (auto found = intrinsic_in(entry.second, path.empty() ? key : path + "." + key, depth + 1, left))
        return found;
    }
  } else if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i)
      if (auto found = intrinsic_in(node[i], fmt::format("{}[{}]", path, i), depth + 1, left)) return found;
  }
  return std::nullopt;
}

std::string scalar(const YAML::Node& map, const char* key) {
  const YAML::Node value = map[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

struct Resource {
  std::string name;
  YAML::Node body;
};

/// The only resource, whichever way it is written.
Result<Resource> only_resource(const YAML::Node& document) {
  const YAML::Node resources = document["Resources"] ? document["Resources"] : document["resources"];
  if (!resources || (!resources.IsSequence() && !resources.IsMap()) || resources.size() == 0)
    return refused("The AppSpec file has no Resources: it must name one AWS::Lambda::Function.");
  if (resources.size() > 1)
    return refused(
        "The AppSpec file names more than one resource: a deployment is of one AWS::Lambda::Function.");
  YAML::Node first;
  if (resources.IsSequence()) {
    first = resources[0];
  } else {
    first = resources;
  }
  if (!first.IsMap() || first.size() == 0)
    return refused("The resource of the AppSpec file is not a mapping.");
  if (first["Type"] || first["Properties"]) {
    std::string name = scalar(first, "id");
    return Resource{std::move(name), first};
  }
  const auto entry = *first.begin();
  if (!entry.first.IsScalar() || !entry.second.IsMap())
    return refused("The resource of the AppSpec file has no Type and no Properties.");
  return Resource{entry.first.Scalar(), entry.second};
}

Result<> read_hook(const YAML::Node& key, const YAML::Node& value, AppSpec& spec) {
  if (!key.IsScalar() || !value.IsScalar())
    return refused("A hook of the AppSpec file is written `- BeforeAllowTraffic: function-name-or-ARN`.");
  if (key.Scalar() == "BeforeAllowTraffic")
    spec.before_hook = value.Scalar();
  else if (key.Scalar() == "AfterAllowTraffic")
    spec.after_hook = value.Scalar();
  else
    return refused(fmt::format(
        "The AppSpec file has a hook {}: the hooks of a Lambda deployment are BeforeAllowTraffic and "
        "AfterAllowTraffic.",
        key.Scalar()));
  return {};
}

Result<> read_hooks(const YAML::Node& document, AppSpec& spec) {
  const YAML::Node hooks = document["Hooks"] ? document["Hooks"] : document["hooks"];
  if (!hooks || hooks.IsNull()) return {};
  if (!hooks.IsSequence() && !hooks.IsMap()) return refused("The Hooks of the AppSpec file are not a list.");
  if (hooks.IsMap()) {
    for (const auto& entry : hooks)
      if (auto read = read_hook(entry.first, entry.second, spec); !read) return read;
    return {};
  }
  for (const auto& item : hooks) {
    if (!item.IsMap()) return refused("A hook of the AppSpec file is not a mapping.");
    for (const auto& entry : item)
      if (auto read = read_hook(entry.first, entry.second, spec); !read) return read;
  }
  return {};
}

Result<AppSpec> read(const YAML::Node& document) {
  if (!document.IsMap()) return refused("The AppSpec file is neither a YAML nor a JSON mapping.");
  int left = most_nodes;
  if (const auto found = intrinsic_in(document, "", 0, left))
    return refused(
        fmt::format("The AppSpec file contains an intrinsic function that was not resolved: {}. CodeDeploy "
                    "takes plain values; "
                    "put the version's number in its place.",
                    *found));
  const Result<Resource> resource = only_resource(document);
  if (!resource) return resource.error();
  if (scalar(resource->body, "Type") != "AWS::Lambda::Function")
    return refused(
        fmt::format("The resource's Type is '{}'; a Lambda deployment takes AWS::Lambda::Function.",
                    scalar(resource->body, "Type")));
  const YAML::Node properties = resource->body["Properties"];
  if (!properties || !properties.IsMap())
    return refused("The resource of the AppSpec file has no Properties.");
  AppSpec spec{.resource = resource->name,
               .function = scalar(properties, "Name"),
               .alias = scalar(properties, "Alias"),
               .current_version = scalar(properties, "CurrentVersion"),
               .target_version = scalar(properties, "TargetVersion")};
  if (spec.resource.empty()) spec.resource = spec.function;
  for (const auto& [name, value] :
       {std::pair{"Name", &spec.function}, std::pair{"Alias", &spec.alias},
        std::pair{"CurrentVersion", &spec.current_version}, std::pair{"TargetVersion", &spec.target_version}})
    if (value->empty()) return refused(fmt::format("The AppSpec file's Properties have no {}.", name));
  for (const auto& [name, value] :
       {std::pair{"CurrentVersion", &spec.current_version}, std::pair{"TargetVersion", &spec.target_version}})
    if (!is_number(*value))
      return refused(fmt::format("{} is '{}': it must be the number of a published version.", name, *value));
  if (auto hooks = read_hooks(document, spec); !hooks) return hooks.error();
  return spec;
}

}  // namespace

Result<AppSpec> parse_app_spec(std::string_view text) {
  if (text.size() > largest_text) return refused("The AppSpec file is too large.");
  if (!is_utf8(text)) return refused("The AppSpec file is not UTF-8 text.");
  try {
    return read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& problem) {
    return refused(fmt::format("The AppSpec file cannot be read: {}", problem.what()));
  }
}

std::string write_app_spec(const AppSpec& spec) {
  const OrderedJson properties{{"Name", spec.function},
                               {"Alias", spec.alias},
                               {"CurrentVersion", spec.current_version},
                               {"TargetVersion", spec.target_version}};
  const OrderedJson resource{{"Type", "AWS::Lambda::Function"}, {"Properties", properties}};
  OrderedJson named = OrderedJson::object();
  // Names that would be read as the flat form; and YAML has keys of 1,024 characters at the most.
  const bool no_key = spec.resource == "Type" || spec.resource == "Properties" ||
                      OrderedJson(spec.resource).dump().size() > 1000;
  if (no_key) {
    named["id"] = spec.resource;
    named.update(resource);
  } else {
    named[spec.resource] = resource;
  }
  OrderedJson document = OrderedJson::object();
  document["version"] = 0.0;
  document["Resources"] = OrderedJson::array();
  document["Resources"].push_back(named);
  return document.dump();
}

}  // namespace aviary::codedeploy
