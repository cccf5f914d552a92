#pragma once

#include <optional>
#include <string>

#include "services/cloudformation/core/resource_type.hpp"

/// Names that something has already. Services whose calls make a thing or take the one that is there would
/// let a stack take over, and later delete, what is somebody else's: of those CloudFormation asks first.
namespace aviary::cloudformation {

struct NameCheck {
  std::string name;
  Step step;                   ///< succeeds if the name is taken
  const char* list = nullptr;  ///< the answer's list that then is not empty
};

/// Nothing where the template gives no name, or where the service itself refuses a second one.
std::optional<NameCheck> name_check(const Context& context, std::string_view type, const Json& properties);

}  // namespace aviary::cloudformation
