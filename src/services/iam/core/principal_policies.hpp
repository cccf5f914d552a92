#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "services/iam/core/directory.hpp"

/// Which documents speak for a user, a group or a role.
namespace aviary::iam {

/// Of a managed policy, in its default version; null: there is none, or it is one of AWS's own that is not
/// known here.
Json policy_document(Directory& directory, const std::string& account, const std::string& arn);

/// Inline and attached ones; of a user also those of its groups. `unknown` gets the ARNs whose documents
/// nobody has.
std::vector<Json> identity_policies(Directory& directory, const std::string& account, const std::string& kind,
                                    const std::string& name, std::vector<std::string>* unknown = nullptr);

/// The permissions boundary; nothing if it has none.
std::optional<std::vector<Json>> boundary_of(Directory& directory, const std::string& account,
                                             const std::string& kind, const std::string& name);

}  // namespace aviary::iam
