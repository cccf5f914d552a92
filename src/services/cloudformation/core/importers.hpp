#pragma once

#include <string_view>
#include <vector>

#include "services/cloudformation/core/stack_store.hpp"

namespace aviary::cloudformation {

/// The stacks of the scope that take the export by `Fn::ImportValue`, whatever function gives them its name;
/// by their ARNs. They keep it from being changed and taken away.
std::vector<const Stack*> importers_of(const StackStore& store, std::string_view account,
                                       std::string_view region, std::string_view export_name);

}  // namespace aviary::cloudformation
