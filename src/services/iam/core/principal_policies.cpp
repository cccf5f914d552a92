#include "services/iam/core/principal_policies.hpp"

#include <algorithm>

#include "base/bounded_json.hpp"
#include "services/iam/core/managed_policies.hpp"

namespace aviary::iam {
namespace {

void append_policies(Directory& directory, const std::string& account, const Json& entity,
                     std::vector<Json>& documents, std::vector<std::string>* unknown) {
  if (const auto own = entity.find("_inline"); own != entity.end() && own->is_object())
    for (const Json& text : *own)
      if (text.is_string()) documents.push_back(parse_bounded<Json>(text.get_ref<const std::string&>()));
  const auto attached = entity.find("_attached");
  if (attached == entity.end() || !attached->is_array()) return;
  for (const Json& each : *attached) {
    const std::string arn = each.get<std::string>();
    Json document = policy_document(directory, account, arn);
    if (document.is_object()) {
      documents.push_back(std::move(document));
    } else if (unknown != nullptr) {
      unknown->push_back(arn);
    }
  }
}

}  // namespace

Json policy_document(Directory& directory, const std::string& account, const std::string& arn) {
  if (const Json* known = managed_policy(arn)) return *known;
  const Json* policy = directory.find(account, "policy", arn);
  if (policy == nullptr) return nullptr;
  const std::string version = policy->value("DefaultVersionId", std::string("v1"));
  const auto versions = policy->find("_versions");
  if (versions == policy->end() || !versions->contains(version)) return nullptr;
  return parse_bounded<Json>((*versions)[version].value("Document", std::string()));
}

std::vector<Json> identity_policies(Directory& directory, const std::string& account, const std::string& kind,
                                    const std::string& name, std::vector<std::string>* unknown) {
  std::vector<Json> documents;
  const Json* entity = directory.find(account, kind, name);
  if (entity == nullptr) return documents;
  append_policies(directory, account, *entity, documents, unknown);
  if (kind != "user") return documents;
  for (const auto& [group, each] : directory.all(account, "group")) {
    const auto users = each.find("_users");
    if (users != each.end() && users->is_array() && std::ranges::find(*users, Json(name)) != users->end())
      append_policies(directory, account, each, documents, unknown);
  }
  return documents;
}

std::optional<std::vector<Json>> boundary_of(Directory& directory, const std::string& account,
                                             const std::string& kind, const std::string& name) {
  const Json* entity = directory.find(account, kind, name);
  if (entity == nullptr) return std::nullopt;
  const auto boundary = entity->find("PermissionsBoundary");
  if (boundary == entity->end() || !boundary->is_object()) return std::nullopt;
  std::vector<Json> documents;
  documents.push_back(
      policy_document(directory, account, boundary->value("PermissionsBoundaryArn", std::string())));
  return documents;
}

}  // namespace aviary::iam
