#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/stack.hpp"

/// Resources that are there already and become a stack's: which can, what they are known by, and why not.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
namespace aviary::cloudformation {

struct Importable {
  std::string_view type;
  const char* identifier;  ///< the property that tells it apart; its value becomes the physical id
  /// The call that finds it.
  Step (*read)(const std::string& id);
  /// Completes what was read, and the properties, until `ResourceType::made` can make attributes of them.
  /// False: it is not there.
  bool (*complete)(const std::string& id, Json& properties, Json& output) = nullptr;
};

/// Null for a type whose resources cannot be imported.
const Importable* find_importable(std::string_view type);

/// What `ResourcesToImport` says, by logical id, checked against the template and the stack. `changes` are
/// those of `changes_of`; they become `Import`.
Result<> check_imports(const Stack& stack, const Wish& wish, const Json& wanted, Json& changes);

/// `{"Type": …}` of what was found where it was looked for; or why not.
std::string import_not_found(std::string_view type, std::string_view id);

}  // namespace aviary::cloudformation
