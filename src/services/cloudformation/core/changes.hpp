#pragma once

#include "services/cloudformation/core/stack_store.hpp"

namespace aviary::cloudformation {

/// What a wish would change of a stack's resources, as change sets tell it:
/// `[{"Type":"Resource","ResourceChange":{…}}]`.
Result<Json> changes_of(const StackStore& store, const Stack& stack, const Wish& wish);

/// Whether nothing at all would change.
bool is_same(const Stack& stack, const Wish& wish, const Json& changes);

}  // namespace aviary::cloudformation
