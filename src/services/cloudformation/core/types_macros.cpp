#include "services/cloudformation/core/resource_type.hpp"

/// AWS::CloudFormation::Macro: a function that templates let transform them (api/transforms.cpp). The
/// resource itself is all that there is of it.
namespace aviary::cloudformation {
namespace {

Steps nothing_to_make(const Context&, const Json&) { return {}; }
Made made_macro(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "Name", 128), Json::object()};
}
Steps nothing_to_change(const Context&, const Existing&, const Json&) { return {}; }
Steps nothing_to_remove(const Context&, const Existing&) { return {}; }

}  // namespace

std::span<const ResourceType> macro_types() {
  static const ResourceType types[] = {{"AWS::CloudFormation::Macro",
                                        {"Name"},
                                        nothing_to_make,
                                        made_macro,
                                        nothing_to_change,
                                        nothing_to_remove}};
  return types;
}

}  // namespace aviary::cloudformation
