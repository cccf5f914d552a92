#include "app/admin_input.hpp"

#include <fmt/format.h>

#include "app/parts.hpp"
#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/lambda/core/json_check.hpp"

namespace aviary::app {

std::variant<Json, wire::Response> read_document(const wire::Request& request) {
  if (request.body.empty()) return error_response(400, "The body is empty; a JSON document is wanted.");
  if (const auto problem = lambda::json_problem(request.body))
    return error_response(400, fmt::format("The body is no JSON: {}", *problem));
  Json body = parse_bounded<Json>(request.body);
  if (body.is_discarded()) return error_response(400, "The body is no JSON.");
  return body;
}

std::string below_path(const wire::Request& request, std::string_view root) {
  const std::string_view below = request.path().substr(root.size() + 1);
  return percent_decode(below, false).value_or(std::string(below));
}

lambda::Scope scope_in(const Parts& parts, const wire::Request& request) {
  return {query_parameter(request, "account").value_or(parts.options.account),
          query_parameter(request, "region").value_or(parts.options.region)};
}

std::vector<std::string> query_parameters(const wire::Request& request, std::string_view name) {
  std::vector<std::string> values;
  std::string_view rest = request.query();
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals), true) != name) continue;
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    values.push_back(percent_decode(value, true).value_or(std::string(value)));
  }
  return values;
}

}  // namespace aviary::app
