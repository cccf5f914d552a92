#include "services/codedeploy/api/input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/codedeploy.hpp"

namespace aviary::codedeploy {

namespace rows = models::codedeploy::errors;

namespace {

constexpr std::size_t longest_name = 100;
constexpr std::size_t most_of_a_batch = 100;
constexpr std::size_t page_size = 100;
constexpr std::size_t most_tags = 50;

/// User guide, "CodeDeploy limits": letters, digits and `. _ + = , @ -`.
bool is_plain_name(std::string_view name) {
  return name.size() <= longest_name && std::ranges::all_of(name, [](unsigned char c) {
           return std::isalnum(c) ||
                  std::string_view("._+=,@-").find(static_cast<char>(c)) != std::string_view::npos;
         });
}

}  // namespace

Result<> check_application_name(const std::string& name) {
  if (name.empty()) return AwsError(rows::ApplicationNameRequiredException, "Application name is missing");
  if (!is_plain_name(name))
    return AwsError(rows::InvalidApplicationNameException,
                    fmt::format("Application name '{}' is invalid", name));
  return {};
}

Result<> check_group_name(const std::string& name) {
  if (name.empty())
    return AwsError(rows::DeploymentGroupNameRequiredException, "Deployment Group name is missing");
  if (name.size() > longest_name ||
      std::ranges::any_of(name, [](unsigned char c) { return std::iscntrl(c); }))
    return AwsError(rows::InvalidDeploymentGroupNameException,
                    fmt::format("Deployment Group name '{}' is invalid", name));
  return {};
}

Result<> check_config_name(const std::string& name) {
  if (name.empty())
    return AwsError(rows::DeploymentConfigNameRequiredException, "Deployment Configuration name is missing");
  if (!is_plain_name(name))
    return AwsError(rows::InvalidDeploymentConfigNameException,
                    fmt::format("Deployment Configuration name '{}' is invalid", name));
  return {};
}

Result<> check_deployment_id(const std::string& id) {
  if (id.empty()) return AwsError(rows::DeploymentIdRequiredException, "Deployment ID is missing");
  const std::string_view rest = std::string_view(id).substr(std::min<std::size_t>(2, id.size()));
  if (!id.starts_with("d-") || rest.empty() || rest.size() > 32 ||
      !std::ranges::all_of(rest, [](unsigned char c) { return std::isalnum(c); }))
    return AwsError(rows::InvalidDeploymentIdException,
                    fmt::format("Specified DeploymentId is not in the valid format: {}", id));
  return {};
}

Result<> check_batch(const std::vector<std::string>& names) {
  if (names.size() <= most_of_a_batch) return {};
  return AwsError(rows::BatchLimitExceededException,
                  fmt::format("A batch has at most {} entries, not {}", most_of_a_batch, names.size()));
}

Result<Tags> tags_of(const Json* list, const Tags& before) {
  Tags tags = before;
  if (!list) return tags;
  const auto invalid = [](std::string text) {
    return AwsError(rows::InvalidTagsToAddException, std::move(text));
  };
  for (const Json& tag : *list) {
    const std::string& key = text_of(tag, "Key");
    const std::string& value = text_of(tag, "Value");
    if (key.empty() || key.size() > 128) return invalid(fmt::format("The tag key '{}' is not valid", key));
    if (key.starts_with("aws:")) return invalid("Tag keys that begin with aws: are reserved");
    if (value.size() > 256) return invalid(fmt::format("The value of the tag {} is too long", key));
    tags[key] = value;
  }
  if (tags.size() > most_tags) return invalid(fmt::format("A resource has at most {} tags", most_tags));
  return tags;
}

Json render_tags(const Tags& tags) {
  Json list = Json::array();
  for (const auto& [key, value] : tags) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

Result<Reply> page_of(const std::vector<std::string>& all, const std::string& token, const char* member,
                      bool sorted) {
  auto next = all.begin();
  if (!token.empty()) {
    const AwsError invalid(rows::InvalidNextTokenException, "The next token is not valid");
    const std::optional<std::string> last = base64_decode(token);
    if (!last || !last->starts_with("after:")) return invalid;
    const std::string after = last->substr(6);
    next = sorted ? std::ranges::upper_bound(all, after) : std::ranges::find(all, after);
    if (!sorted && next == all.end()) return invalid;
    if (!sorted) ++next;
  }
  Reply reply;
  Json& list = reply.output[member] = Json::array();
  for (; next != all.end(); ++next) {
    if (list.size() == page_size) {
      reply.output["nextToken"] = base64_encode("after:" + list.back().get<std::string>());
      break;
    }
    list.push_back(*next);
  }
  return reply;
}

}  // namespace aviary::codedeploy
