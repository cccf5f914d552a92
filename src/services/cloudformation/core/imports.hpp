#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/stack.hpp"
#include "services/cloudformation/core/stack_store.hpp"

/// Resources that are there already and become a stack's: which can, what they are known by, and why not.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
namespace aviary::cloudformation {

struct Importable {
  std::string_view type;
  const char* identifier;  ///< what tells it apart; its value becomes the physical id
  bool named;              ///< whether that is a property that templates give: a name of one's own
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

/// Of the resources that `changes` add those that may be there already: they are named by the template
/// itself, and no stack of the account has them. As `ResourcesToImport` has them. A name that comes of a
/// function does not count.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
Json import_candidates(const StackStore& store, const Stack& stack, const Wish& wish, const Json& changes);

/// The `changes` that `imports` name become `Import`.
void mark_imports(const Json& imports, Json& changes);

/// Why `imports`, which were found and not asked for, cannot be: their template would delete them. Empty:
/// they can.
std::string refused_imports(const Wish& wish, const Json& imports);

/// The id of the stack that has a resource, seen from `stack`; empty for none.
std::string holder_of(const StackStore& store, const Stack& stack, std::string_view type,
                      std::string_view id);

/// By logical id: the identifier's value.
std::map<std::string, std::string> ids_of_imports(const Json& imports);

/// `{"Type": …}` of what was found where it was looked for; or why not.
std::string import_not_found(std::string_view type, std::string_view id);

}  // namespace aviary::cloudformation
