#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

/// Tags of whatever has any.
namespace aviary::iam {
namespace {

struct TaggedKind {
  std::string_view word;  ///< in the operation's name
  const char* kind;       ///< in the directory
  const char* key;        ///< the member that says which
  const char* missing;    ///< what is said when there is none
};

constexpr TaggedKind tagged_kinds[] = {
    {"InstanceProfile", "instance-profile", "InstanceProfileName", "Instance Profile {} cannot be found."},
    {"OpenIDConnectProvider", "oidc-provider", "OpenIDConnectProviderArn",
     "OpenIDConnect Provider not found for arn {}"},
    {"SAMLProvider", "saml-provider", "SAMLProviderArn", "Manifest not found for arn {}"},
    {"ServerCertificate", "server-certificate", "ServerCertificateName",
     "The Server Certificate with name {} cannot be found."},
    {"MFADevice", "mfa-device", "SerialNumber", "VirtualMFADevice with serial number {} doesn't exist."},
    {"Policy", "policy", "PolicyArn", "Policy {} was not found."},
    {"Role", "role", "RoleName", "The role with name {} cannot be found."},
    {"User", "user", "UserName", "The user with name {} cannot be found."},
};

const TaggedKind& tagged_kind(std::string_view operation) {
  return *std::ranges::find_if(tagged_kinds, [&](const TaggedKind& each) {
    return operation.find(each.word) != std::string_view::npos;
  });
}

}  // namespace

void merge_tags(Json& entity, const Json& tags) {
  Json& kept = entity["Tags"];
  if (!kept.is_array()) kept = Json::array();
  for (const Json& tag : tags) {
    const auto same = std::ranges::find_if(kept, [&](const Json& each) { return each["Key"] == tag["Key"]; });
    if (same != kept.end()) {
      *same = tag;
    } else {
      kept.push_back(tag);
    }
  }
}

void remove_tags(Json& entity, const Json& keys) {
  Json kept = Json::array();
  for (const Json& tag : entity.value("Tags", Json::array()))
    if (std::ranges::find(keys, tag["Key"]) == keys.end()) kept.push_back(tag);
  entity["Tags"] = std::move(kept);
}

Result<Json*> IamService::tagged_entity_of(const Call& call) {
  const TaggedKind& kind = tagged_kind(call.operation->name);
  const std::string key = iam_text(call.input, kind.key);
  Json* found = directory_.find(call.account, kind.kind, key);
  if (found == nullptr) return no_such_entity(fmt::format(fmt::runtime(kind.missing), key));
  return found;
}

void IamService::save_tagged(const Call& call) {
  const TaggedKind& kind = tagged_kind(call.operation->name);
  directory_.save(call.account, kind.kind, iam_text(call.input, kind.key));
}

Result<Reply> IamService::tag_entity(Call& call) {
  const Result<Json*> found = tagged_entity_of(call);
  if (!found) return found.error();
  merge_tags(**found, call.input.at("Tags"));
  save_tagged(call);
  return Reply{};
}

Result<Reply> IamService::untag_entity(Call& call) {
  const Result<Json*> found = tagged_entity_of(call);
  if (!found) return found.error();
  remove_tags(**found, call.input.at("TagKeys"));
  save_tagged(call);
  return Reply{};
}

Result<Reply> IamService::list_entity_tags(Call& call) {
  const Result<Json*> found = tagged_entity_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = {{"Tags", (*found)->value("Tags", Json::array())}, {"IsTruncated", false}};
  return reply;
}

}  // namespace aviary::iam
