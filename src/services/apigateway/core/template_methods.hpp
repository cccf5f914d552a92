#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/apigateway/core/mapping_template.hpp"

/// Inside of mapping templates: what values can do. Values are documents; nothing stands for Java's null.
namespace aviary::apigateway {

/// As Java prints it: `{a=b, c=[1, 2]}`.
std::string template_text(const OrderedJson& value);
bool is_true(const OrderedJson& value);
/// `==`, `<`, `+`, …
OrderedJson combine(std::string_view operation, const OrderedJson& left, const OrderedJson& right);
/// Null if there is none.
const OrderedJson* member_of_value(const OrderedJson& value, const OrderedJson& key);

/// Of strings, lists and maps; nothing if there is no such method.
std::optional<OrderedJson> call_method(OrderedJson& value, std::string_view name,
                                       const std::vector<OrderedJson>& arguments);
bool changes_its_value(std::string_view method);
std::optional<OrderedJson> input_function(std::string_view name, const std::vector<OrderedJson>& arguments,
                                          const TemplateInput& input);
bool is_util_function(std::string_view name);
std::optional<OrderedJson> util_function(std::string_view name, const std::vector<OrderedJson>& arguments);

}  // namespace aviary::apigateway
