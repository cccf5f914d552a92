#include "app/admin.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace aviary::app {

bool Admin::Route::matches(std::string_view candidate) const {
  if (path.ends_with('*')) return candidate.starts_with(std::string_view(path).substr(0, path.size() - 1));
  return candidate == path ||
         (candidate.size() == path.size() + 1 && candidate.ends_with('/') && candidate.starts_with(path));
}

void Admin::add(std::string_view method, std::string path, Now handler) {
  routes_.push_back({std::string(method), std::move(path), std::move(handler), nullptr});
}

void Admin::add_task(std::string_view method, std::string path, Later handler) {
  routes_.push_back({std::string(method), std::move(path), nullptr, std::move(handler)});
}

bool Admin::owns(std::string_view path) const {
  if (path.starts_with("/_aviary/") || path == "/_aviary") return true;
  for (const Route& route : routes_)
    if (route.matches(path)) return true;
  return false;
}

Task<wire::Response> Admin::handle(wire::Request request) const {
  const Route* found = nullptr;
  std::string allowed;
  for (const Route& route : routes_) {
    if (!route.matches(request.path())) continue;
    const bool method_fits =
        route.method == request.method || (request.method == "HEAD" && route.method == "GET");
    if (method_fits && found == nullptr) found = &route;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", route.method);
  }
  if (found == nullptr && !allowed.empty()) {
    wire::Response response =
        error_response(405, fmt::format("{} is answered to {} only.", request.path(), allowed));
    response.set("Allow", allowed);
    co_return response;
  }
  if (found == nullptr) {
    std::string known;
    for (const Route& route : routes_)
      known += fmt::format("{}{} {}", known.empty() ? "" : ", ", route.method, route.path);
    co_return error_response(404, fmt::format("There is no {}. There is: {}.", request.path(), known));
  }
  if (found->now) co_return found->now(request);
  co_return co_await found->later(std::move(request));
}

wire::Response json_response(const Json& body, int status) {
  wire::Response response;
  response.status = status;
  response.set("Content-Type", "application/json");
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  response.body += '\n';
  return response;
}

wire::Response error_response(int status, std::string_view message) {
  return json_response({{"message", message}}, status);
}

wire::Response text_response(std::string body, std::string_view content_type) {
  wire::Response response;
  response.set("Content-Type", std::string(content_type));
  response.body = std::move(body);
  return response;
}

std::optional<std::string> query_parameter(const wire::Request& request, std::string_view name) {
  std::string_view rest = request.query();
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals), true) != name) continue;
    return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

}  // namespace aviary::app
