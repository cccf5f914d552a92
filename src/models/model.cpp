#include "models/model.hpp"

#include <algorithm>

namespace aviary::models {

const Operation* Service::find_operation(std::string_view name) const {
  const auto found = std::ranges::lower_bound(operations, name, {}, &Operation::name);
  return found != operations.end() && found->name == name ? &*found : nullptr;
}

}  // namespace aviary::models
