#include "models/s3control.hpp"
#include "services/s3/api/control_service.hpp"
#include "services/s3/api/input.hpp"

namespace aviary::s3 {
namespace {

namespace control_errors = models::s3control::errors;

constexpr std::size_t most_tags = 50;

}  // namespace

Result<AccessPoint*> ControlService::tagged_point(const Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const std::string& arn = text_of(call.input, "ResourceArn");
  const AccessPoint* named = points_.named(arn, call.region);
  if (named == nullptr || named->account != call.account)
    return AwsError(control_errors::NoSuchAccessPoint, "The specified accesspoint does not exist");
  return points_.find(named->account, named->region, named->name);
}

Result<Reply> ControlService::tag_resource(Call& call) {
  const Result<AccessPoint*> found = tagged_point(call);
  if (!found) return found.error();
  const Result<Tags> given = tags_of(call.input.at("Tags"));
  if (!given) return given.error();
  Tags tags = (*found)->tags;
  for (const auto& [key, value] : *given) tags[key] = value;
  if (tags.size() > most_tags)
    return AwsError(control_errors::InvalidTag, "An access point can have at most 50 tags");
  (*found)->tags = std::move(tags);
  points_.save(**found);
  return Reply{};
}

Result<Reply> ControlService::untag_resource(Call& call) {
  const Result<AccessPoint*> found = tagged_point(call);
  if (!found) return found.error();
  for (const Json& key : call.input.at("TagKeys")) (*found)->tags.erase(key.get<std::string>());
  points_.save(**found);
  return Reply{};
}

Result<Reply> ControlService::list_tags(Call& call) {
  const Result<AccessPoint*> found = tagged_point(call);
  if (!found) return found.error();
  Reply reply;
  Json& rows = reply.output["Tags"] = Json::array();
  for (const auto& [key, value] : (*found)->tags) rows.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

}  // namespace aviary::s3
