#include "services/cloudformation/core/importers.hpp"

namespace aviary::cloudformation {
namespace {

bool imports(const Json& expression, const Lookups& lookups, std::string_view name) {
  if (expression.is_array()) {
    for (const Json& each : expression)
      if (imports(each, lookups, name)) return true;
    return false;
  }
  if (!expression.is_object()) return false;
  for (const auto& [key, value] : expression.items()) {
    if (key == "Fn::ImportValue") {
      const Result<Json> wanted = evaluate(value, lookups);
      if (wanted && wanted->is_string() && wanted->get_ref<const std::string&>() == name) return true;
    } else if (imports(value, lookups, name)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<const Stack*> importers_of(const StackStore& store, std::string_view account,
                                       std::string_view region, std::string_view export_name) {
  std::vector<const Stack*> importers;
  for (const auto& [id, stack] : store.all()) {
    if (stack.account != account || stack.region != region || stack.is_deleted()) continue;
    const Lookups plain = lookups_of(store, stack, stack.wish, nullptr);
    const Result<std::map<std::string, bool>> conditions = condition_values(stack.wish.document, plain);
    const Lookups lookups = lookups_of(store, stack, stack.wish, conditions ? &*conditions : nullptr);
    for (const char* section : {"Resources", "Outputs"}) {
      const auto found = stack.wish.document.find(section);
      if (found == stack.wish.document.end() || !imports(*found, lookups, export_name)) continue;
      importers.push_back(&stack);
      break;
    }
  }
  return importers;
}

}  // namespace aviary::cloudformation
