#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Which route a request takes. Pure functions of patterns and paths.
namespace aviary::apigateway {

struct PathMatch {
  /// Names and values, decoded.
  std::vector<std::pair<std::string, std::string>> parameters;
  /// Greater is more specific: a literal segment before a variable, a variable before a greedy one.
  std::string rank;
};

/// `/items/{id}`, `/{proxy+}`; the path as sent, without query. A greedy variable takes at least one segment.
/// A trailing slash of the path is of no meaning.
std::optional<PathMatch> match_path(std::string_view pattern, std::string_view path);

/// Whether one segment of a path may be a resource of a REST API: `items`, `{id}`, `{proxy+}`.
bool is_path_part(std::string_view part);
/// `/items/{id}` → its segments; nothing if one of them may not be, or there are too many.
std::optional<std::vector<std::string>> resource_segments(std::string_view path);

struct RouteChoice {
  std::size_t index;  ///< in the list of route keys
  PathMatch match;
};

/// HTTP APIs: among `GET /items/{id}`, `ANY /items/{proxy+}`, `$default` the one that fits best. A full match
/// comes before a greedy one, a method before ANY, and everything before `$default`
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html).
std::optional<RouteChoice> choose_route(const std::vector<std::string>& route_keys, std::string_view method,
                                        std::string_view path);

/// The function that an integration's or authorizer's URI names, with the stage's variables filled in: the
/// ARN itself, or `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`. Empty if it
/// names none.
std::string function_in_uri(std::string_view uri);
/// `http://…` or `https://…`, or what a stage's variable begins.
bool is_http_address(std::string_view uri);
/// `${stageVariables.name}` replaced; a variable that is not there becomes nothing.
std::string with_stage_variables(std::string_view text,
                                 const std::vector<std::pair<std::string, std::string>>& variables);

}  // namespace aviary::apigateway
