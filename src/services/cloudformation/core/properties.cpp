#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/cloudformation/core/resource_type.hpp"

namespace aviary::cloudformation {

std::string Context::arn(std::string_view service, std::string_view resource) const {
  return fmt::format("arn:aws:{}:{}:{}:{}", service, region, account, resource);
}

std::string Context::name(const Json& properties, const char* property, std::size_t longest) const {
  if (std::string given = property_text(properties, property); !given.empty()) return given;
  // The stack's name gives way first, as at AWS: half of what is left for each.
  const std::size_t room = longest - suffix.size() - 2;
  std::string_view stack = stack_name;
  std::string_view logical = logical_id;
  if (stack.size() + logical.size() > room) {
    const std::size_t for_stack = std::max(room / 2, room > logical.size() ? room - logical.size() : 0);
    stack = stack.substr(0, std::min(stack.size(), for_stack));
    logical = logical.substr(0, room - stack.size());
  }
  return fmt::format("{}-{}-{}", stack, logical, suffix);
}

std::string property_text(const Json& properties, const char* name) {
  const auto found = properties.find(name);
  if (found == properties.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

void copy_properties(const Json& from, Json& out, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = from.find(name); found != from.end() && !found->is_null()) out[name] = *found;
}

std::string document_text(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json tag_map(const Json& list) {
  if (list.is_object()) return list;
  Json map = Json::object();
  if (!list.is_array()) return map;
  for (const Json& tag : list) map[property_text(tag, "Key")] = property_text(tag, "Value");
  return map;
}

Json tags_gone(const Json& before, const Json& after) {
  const Json old = tag_map(before.value("Tags", Json::array()));
  const Json now = tag_map(after.value("Tags", Json::array()));
  Json gone = Json::array();
  for (const auto& [key, value] : old.items())
    if (!now.contains(key)) gone.push_back(key);
  return gone;
}

Json with_small_letters(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& each : value) out.push_back(with_small_letters(each));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, each] : value.items()) {
    std::string small = key;
    if (!small.empty()) small[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(small[0])));
    out[small] = with_small_letters(each);
  }
  return out;
}

bool differs(const Json& a, const Json& b, const char* property) {
  return a.value(property, Json()) != b.value(property, Json());
}

bool needs_another(const ResourceType& type, std::string_view property, const Json& after) {
  return type.update == nullptr || std::ranges::find(type.replacing, property) != type.replacing.end() ||
         (type.replaces != nullptr && type.replaces(property, after));
}

namespace {

/// All tables: types_*.cpp.
std::array<std::span<const ResourceType>, 27> type_tables() {
  return {lambda_types(),    lambda_member_types(), identity_types(),        watching_types(),
          messaging_types(), bus_types(),           stream_types(),          storage_types(),
          parameter_types(), repository_types(),    attached_types(),        api_types(),
          domain_types(),    rest_api_types(),      rest_member_types(),     group_types(),
          provider_types(),  log_setting_types(),   api_destination_types(), systems_types(),
          window_types(),    log_delivery_types(),  event_endpoint_types(),  credential_types(),
          macro_types(),     rest_extra_types(),    http_extra_types()};
}

}  // namespace

const ResourceType* find_resource_type(std::string_view name) {
  for (const auto& table : type_tables())
    for (const ResourceType& type : table)
      if (type.name == name) return &type;
  return nullptr;
}

std::vector<std::string_view> resource_type_names() {
  std::vector<std::string_view> names;
  for (const auto& table : type_tables())
    for (const ResourceType& type : table) names.push_back(type.name);
  std::ranges::sort(names);
  return names;
}

}  // namespace aviary::cloudformation
