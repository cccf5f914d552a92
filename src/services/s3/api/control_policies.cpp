#include "base/bounded_json.hpp"
#include "models/s3control.hpp"
#include "services/s3/api/control_service.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/core/public_policy.hpp"

namespace aviary::s3 {
namespace {

namespace control_errors = models::s3control::errors;

Result<Reply> no_content() {
  Reply reply;
  reply.status = 204;
  return reply;
}

AwsError no_policy(const AccessPoint& point) {
  AwsError error(control_errors::NoSuchAccessPointPolicy, "The specified accesspoint policy does not exist");
  error.members = {{"AccessPointName", point.name}};
  return error;
}

}  // namespace

Result<Reply> ControlService::put_access_point_policy(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  AccessPoint& point = **found;
  const std::string& text = text_of(call.input, "Policy");
  const Json policy = parse_bounded<Json>(text);
  if (!policy.is_object())
    return AwsError(control_errors::MalformedPolicy,
                    "Policies must be valid JSON and the first byte must be '{'");
  if (is_public_policy(policy) && (blocks_public_policy(&point.public_access) ||
                                   blocks_public_policy(points_.account_block(point.account))))
    return access_denied();
  point.policy = text;
  points_.save(point);
  return Reply{};
}

Result<Reply> ControlService::get_access_point_policy(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  if ((*found)->policy.empty()) return no_policy(**found);
  Reply reply;
  reply.output["Policy"] = (*found)->policy;
  return reply;
}

Result<Reply> ControlService::delete_access_point_policy(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  (*found)->policy.clear();
  points_.save(**found);
  return no_content();
}

Result<Reply> ControlService::get_access_point_policy_status(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  if ((*found)->policy.empty()) return no_policy(**found);
  Reply reply;
  const bool reached = (*found)->vpc.empty();
  reply.output["PolicyStatus"] = {
      {"IsPublic", reached && is_public_policy(parse_bounded<Json>((*found)->policy))}};
  return reply;
}

Result<Reply> ControlService::put_public_access_block(Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const Json* given = find_member(call.input, "PublicAccessBlockConfiguration");
  Json block = Json::object();
  for (const char* name :
       {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"})
    block[name] = given != nullptr && flag_of(*given, name);
  points_.put_account_block(call.account, std::move(block));
  return Reply{};
}

Result<Reply> ControlService::get_public_access_block(Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const Json* block = points_.account_block(call.account);
  if (block == nullptr) {
    AwsError error(control_errors::NoSuchPublicAccessBlockConfiguration,
                   "The public access block configuration was not found");
    error.members = {{"AccountId", call.account}};
    return error;
  }
  Reply reply;
  reply.output["PublicAccessBlockConfiguration"] = *block;
  return reply;
}

Result<Reply> ControlService::delete_public_access_block(Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  points_.erase_account_block(call.account);
  return no_content();
}

}  // namespace aviary::s3
