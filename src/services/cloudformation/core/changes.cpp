#include "services/cloudformation/core/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/cloudformation/core/resource_type.hpp"

namespace aviary::cloudformation {
namespace {

/// Stands for what is known only when a resource has been made anew.
constexpr std::string_view known_later = "{{changed:";

Json resource_change(const char* action, const std::string& name, const std::string& type,
                     const std::string& physical_id) {
  Json change{{"Action", action},
              {"LogicalResourceId", name},
              {"ResourceType", type},
              {"Scope", Json::array()},
              {"Details", Json::array()}};
  if (!physical_id.empty()) change["PhysicalResourceId"] = physical_id;
  return change;
}

/// Names of resources, those that others refer to first.
std::vector<std::string> in_order_of_making(const Json& resources) {
  std::map<std::string, std::set<std::string>> waiting;
  for (const auto& [name, definition] : resources.items())
    waiting[name] = dependencies_of(definition, resources);
  std::vector<std::string> ordered;
  while (!waiting.empty()) {
    std::vector<std::string> free;
    for (const auto& [name, others] : waiting)
      if (others.empty()) free.push_back(name);
    if (free.empty()) break;
    for (const std::string& name : free) {
      waiting.erase(name);
      ordered.push_back(name);
    }
    for (auto& [name, others] : waiting)
      for (const std::string& done : free) others.erase(done);
  }
  return ordered;
}

/// Fills in what differs. False: nothing does.
bool describe_difference(const Json& before, const Json& after, const ResourceType* type, Json& change) {
  std::set<std::string> names;
  for (const auto& [name, value] : before.items()) names.insert(name);
  for (const auto& [name, value] : after.items()) names.insert(name);
  bool replaces = type != nullptr && type->update == nullptr;
  bool perhaps = false;
  for (const std::string& name : names) {
    if (before.value(name, Json()) == after.value(name, Json())) continue;
    const bool fixed = type != nullptr && needs_another(*type, name, after);
    const bool later = after.value(name, Json()).dump().find(known_later) != std::string::npos;
    if (fixed && later) {
      perhaps = true;
    } else if (fixed) {
      replaces = true;
    }
    change["Details"].push_back(
        {{"Target",
          {{"Attribute", "Properties"}, {"Name", name}, {"RequiresRecreation", fixed ? "Always" : "Never"}}},
         {"Evaluation", later ? "Dynamic" : "Static"},
         {"ChangeSource", later ? "ResourceReference" : "DirectModification"}});
  }
  if (change["Details"].empty()) return false;
  change["Scope"] = Json::array({"Properties"});
  change["Replacement"] = perhaps && type->update != nullptr && !replaces ? "Conditional"
                          : replaces                                      ? "True"
                                                                          : "False";
  return true;
}

}  // namespace

Result<Json> changes_of(const StackStore& store, const Stack& stack, const Wish& wish) {
  Lookups lookups = lookups_of(store, stack, wish, nullptr);
  const Result<std::map<std::string, bool>> held = condition_values(wish.document, lookups);
  if (!held) return held.error();
  const std::map<std::string, bool>& conditions = *held;
  lookups.conditions = &conditions;
  const Json& resources = wish.document.at("Resources");
  std::set<std::string> anew;  ///< whose id will be another
  const auto ref = lookups.ref;
  const auto attribute = lookups.attribute;
  const auto later = [](const std::string& name) { return Json(fmt::format("{}{}}}}}", known_later, name)); };
  lookups.ref = [&](const std::string& name) -> std::optional<Json> {
    if (anew.contains(name)) return later(name);
    std::optional<Json> known = ref(name);
    return known || !resources.contains(name) ? known : later(name);
  };
  lookups.attribute = [&](const std::string& name, const std::string& which) -> Result<Json> {
    if (anew.contains(name) || (!stack.resources.contains(name) && resources.contains(name)))
      return later(name);
    return attribute(name, which);
  };
  Json changes = Json::array();
  const auto add = [&](Json change) {
    changes.push_back({{"Type", "Resource"}, {"ResourceChange", std::move(change)}});
  };
  std::set<std::string> kept;
  for (const std::string& name : in_order_of_making(resources)) {
    const Json& definition = resources[name];
    const std::string condition = property_text(definition, "Condition");
    if (const auto found = conditions.find(condition);
        !condition.empty() && (found == conditions.end() || !found->second))
      continue;
    kept.insert(name);
    const std::string type_name = definition.at("Type").get<std::string>();
    const auto existing = stack.resources.find(name);
    if (existing == stack.resources.end()) {
      anew.insert(name);
      add(resource_change("Add", name, type_name, ""));
      continue;
    }
    const Result<Json> properties = evaluate(definition.value("Properties", Json::object()), lookups);
    if (!properties) return properties.error();
    const StackResource& resource = existing->second;
    Json change = resource_change("Modify", name, type_name, resource.physical_id);
    const bool differs =
        describe_difference(resource.properties, properties->is_null() ? Json::object() : *properties,
                            find_resource_type(type_name), change);
    // The template at a nested stack's URL may be another: that is seen only when it is tried.
    const bool is_nested = type_name == "AWS::CloudFormation::Stack";
    if (!differs && !is_nested) continue;
    if (!differs) change["Replacement"] = "False";
    if (change["Replacement"] != "False") anew.insert(name);
    add(std::move(change));
  }
  for (const auto& [name, resource] : stack.resources)
    if (!kept.contains(name)) add(resource_change("Remove", name, resource.type, resource.physical_id));
  return changes;
}

bool is_same(const Stack& stack, const Wish& wish, const Json& changes) {
  const auto outputs = [](const Wish& of) { return of.document.value("Outputs", Json::object()); };
  return changes.empty() && outputs(stack.wish) == outputs(wish) && stack.wish.tags == wish.tags;
}

}  // namespace aviary::cloudformation
