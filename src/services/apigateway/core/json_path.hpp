#pragma once

#include <optional>
#include <string_view>

#include "base/json.hpp"

namespace aviary::apigateway {

/// `$.a.b[0]['c'][*]..d`: what a path finds in a document. One value if the path can name only one, a list if
/// it has stars, slices of names or `..`. Nothing if there is no such value or the path cannot be read;
/// filters
/// `[?(…)]` cannot.
std::optional<OrderedJson> find_by_path(const OrderedJson& document, std::string_view path);

}  // namespace aviary::apigateway
