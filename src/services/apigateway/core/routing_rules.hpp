#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace aviary::apigateway {

/// A request's header by its name, in any case; empty if it has none.
using HeaderOf = std::function<std::string_view(std::string_view name)>;

/// Whether a path, without query, is at or below `/key`: `orders/v1` or, for everything, nothing.
bool is_below_key(std::string_view path, std::string_view key);

/// `v1`, `v1/orders`: neither empty segments nor slashes around it.
bool is_mapping_key(std::string_view key);

/// `image/*`, `*beta`, `*x*`: a star at either end stands for anything, letters are as they are.
bool matches_glob(std::string_view value, std::string_view glob);

/// Whether all conditions of a domain name's routing rule hold; without any they do
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-routing-rules.html). `base_path`
/// becomes the one that was asked for, if any.
bool rule_matches(const Json& rule, std::string_view path, const HeaderOf& header, std::string& base_path);

}  // namespace aviary::apigateway
