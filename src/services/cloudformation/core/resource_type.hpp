#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

/// How resources of each type are made, changed and removed: as calls of the services' own operations, so
/// that what a template says is checked exactly as what a client says.
namespace aviary::cloudformation {

enum class Progress { Done, Waiting, Failed };

/// One call, in the words of the service's model.
struct Step {
  std::string service;  ///< `lambda`
  std::string operation;
  Json input = Json::object();
  /// Completes the input from the outputs of the steps before.
  std::function<void(Json& input, const std::vector<Json>& outputs)> fill{};
  /// Asked with each output until it says Done; `reason` is for Failed.
  std::function<Progress(const Json& output, std::string& reason)> until{};
  /// The member of the input that names what `CloudFormationService::tell` tells of, for `until` to ask
  /// again; null: it is settled by the clock.
  const char* news = nullptr;
  /// The operation that ends what is waited for, with the same input, when the stack gives it up.
  const char* abandon = nullptr;
  bool absent_is_fine = false;  ///< removing what is gone is no failure
};
using Steps = std::vector<Step>;

/// Whose resource it is.
struct Context {
  std::string account;
  std::string region;
  std::string stack_name;
  std::string stack_id;
  std::string logical_id;
  std::string suffix;  ///< 12 capital letters and digits by chance
  Json stack_tags = Json::array();
  Json update_policy = Json::object();  ///< resolved

  std::string arn(std::string_view service, std::string_view resource) const;
  /// The property if it is given, else `stack-logical-SUFFIX`, at most `longest` characters.
  std::string name(const Json& properties, const char* property, std::size_t longest = 64) const;
};

/// What a resource is while it exists.
struct Existing {
  std::string physical_id;
  Json properties = Json::object();
  Json attributes = Json::object();
};

/// What Ref and GetAtt give.
struct Made {
  std::string physical_id;
  Json attributes = Json::object();
};

struct ResourceType {
  std::string_view name;
  /// Properties whose change needs another resource.
  std::vector<std::string_view> replacing;
  Steps (*create)(const Context&, const Json& properties);
  Made (*made)(const Context&, const Json& properties, const std::vector<Json>& outputs);
  /// Null: every change needs another resource.
  Steps (*update)(const Context&, const Existing& existing, const Json& wanted);
  Steps (*remove)(const Context&, const Existing& existing);
  /// What GetAtt gives after an update; null: what it gave before.
  Json (*attributes)(const Context&, const Existing& existing, const Json& wanted) = nullptr;
  /// Properties that need another resource in some cases only; null: there are none.
  bool (*replaces)(std::string_view property, const Json& after) = nullptr;
};

/// Whether the change of a property needs another resource.
bool needs_another(const ResourceType& type, std::string_view property, const Json& after);

/// Null for a type that is not there yet.
const ResourceType* find_resource_type(std::string_view name);
/// All names, sorted.
std::vector<std::string_view> resource_type_names();

// One table a file: types_*.cpp.
std::span<const ResourceType> lambda_types();
std::span<const ResourceType> lambda_member_types();
std::span<const ResourceType> identity_types();
std::span<const ResourceType> group_types();
std::span<const ResourceType> provider_types();
std::span<const ResourceType> watching_types();
std::span<const ResourceType> log_setting_types();
std::span<const ResourceType> log_delivery_types();
std::span<const ResourceType> event_endpoint_types();
std::span<const ResourceType> credential_types();
std::span<const ResourceType> messaging_types();
std::span<const ResourceType> bus_types();
std::span<const ResourceType> api_destination_types();
std::span<const ResourceType> stream_types();
std::span<const ResourceType> storage_types();
std::span<const ResourceType> parameter_types();
std::span<const ResourceType> systems_types();
std::span<const ResourceType> window_types();
std::span<const ResourceType> repository_types();
std::span<const ResourceType> attached_types();
std::span<const ResourceType> api_types();
std::span<const ResourceType> domain_types();
std::span<const ResourceType> rest_api_types();
std::span<const ResourceType> rest_member_types();
std::span<const ResourceType> macro_types();
std::span<const ResourceType> rest_extra_types();
std::span<const ResourceType> http_extra_types();

// For those files: properties.cpp.
std::string property_text(const Json& properties, const char* name);
/// `out` gets the properties of these names that are there.
void copy_properties(const Json& from, Json& out, std::initializer_list<const char*> names);
/// Documents that services take as text.
std::string document_text(const Json& value);
/// `[{"Key","Value"}]` as a map.
Json tag_map(const Json& list);
/// Keys of `Tags` that were there in the properties before, and are not after.
Json tags_gone(const Json& before, const Json& after);
/// Keys with a small first letter, all the way down: as CodeDeploy spells its members.
Json with_small_letters(const Json& value);
bool differs(const Json& a, const Json& b, const char* property);

}  // namespace aviary::cloudformation
