#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/admin.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::app {

struct Parts;

/// The body as a JSON document, or a 400 that says what is wrong with it: also one that is nested deeper than
/// anybody means it.
std::variant<Json, wire::Response> read_document(const wire::Request& request);

/// What comes after `root/` in the path, percent-decoded.
std::string below_path(const wire::Request& request, std::string_view root);

/// Account and region of the query (`?account=…&region=…`), else those of callers who name none.
lambda::Scope scope_in(const Parts& parts, const wire::Request& request);

/// Every value of a query parameter, in order, percent-decoded.
std::vector<std::string> query_parameters(const wire::Request& request, std::string_view name);

}  // namespace aviary::app
