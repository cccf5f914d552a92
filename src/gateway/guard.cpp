#include "gateway/guard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary {
namespace {

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  const std::size_t colon = host.rfind(':');
  return colon == std::string_view::npos ? host : host.substr(0, colon);
}

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         wire::equals_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

bool is_ipv4(std::string_view host) {
  return !host.empty() && std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_ipv6(std::string_view host) {
  return std::ranges::count(host, ':') >= 2 && std::ranges::all_of(host, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                  c == '.' || c == '%';
         });
}

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(
      names, [&](const std::string& each) { return each == "*" || wire::equals_ignoring_case(each, name); });
}

/// AWS endpoint names that a client is pointed here with by /etc/hosts or a proxy: nobody can rebind them by
/// DNS.
bool is_aws_host(std::string_view host) { return ends_with_ignoring_case(host, ".amazonaws.com"); }

bool is_local_name(std::string_view name) {
  return wire::equals_ignoring_case(name, "localhost") || ends_with_ignoring_case(name, ".localhost") ||
         wire::equals_ignoring_case(name, "localhost.localstack.cloud") ||
         ends_with_ignoring_case(name, ".localhost.localstack.cloud") ||
         wire::equals_ignoring_case(name, "host.docker.internal");
}

/// A page of this machine, or of the server itself. An address alone says nothing: pages come from addresses,
/// too.
bool is_own_origin(std::string_view origin, std::string_view host) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view authority = origin.substr(scheme_end + 3);
  const std::string_view name = without_port(authority);
  return is_local_name(name) || (is_ipv4(name) && name.starts_with("127.")) || name == "::1" ||
         wire::equals_ignoring_case(authority, host);
}

}  // namespace

bool is_local_host(std::string_view host) {
  const std::string_view name = without_port(host);
  return is_local_name(name) || is_ipv4(name) || is_ipv6(name);
}

std::optional<std::string> refuse_foreign(const wire::Request& request, const GuardOptions& options) {
  const std::string_view host = request.header("host");
  if (!host.empty() && !is_local_host(host) && !is_aws_host(without_port(host)) &&
      !listed(options.allowed_hosts, host) && !listed(options.allowed_hosts, without_port(host))) {
    return fmt::format("Host '{}' is not a local name. Allow it with --allow-host {}.", host,
                       without_port(host));
  }
  const std::string_view origin = request.header("origin");
  const bool origin_listed = !origin.empty() && listed(options.allowed_origins, origin);
  if (!origin.empty() && !origin_listed && !is_own_origin(origin, host))
    return fmt::format("Origin '{}' may not drive this server. Allow it with --allow-origin {}.", origin,
                       origin);
  if (wire::equals_ignoring_case(request.header("sec-fetch-site"), "cross-site") && !origin_listed)
    return std::string(
        "Cross-site requests of a browser are refused. Allow their origin with --allow-origin.");
  return std::nullopt;
}

std::optional<wire::Response> answer_preflight(const wire::Request& request) {
  if (request.method != "OPTIONS" || !request.has_header("origin") ||
      !request.has_header("access-control-request-method"))
    return std::nullopt;
  wire::Response response;
  response.status = 204;
  open_to_page(std::string(request.header("origin")), response);
  response.set("Access-Control-Allow-Methods", "DELETE, GET, HEAD, PATCH, POST, PUT");
  if (const std::string_view headers = request.header("access-control-request-headers"); !headers.empty())
    response.set("Access-Control-Allow-Headers", std::string(headers));
  // Browsers ask by this whether a page of the network may reach into this machine.
  if (request.has_header("access-control-request-private-network"))
    response.set("Access-Control-Allow-Private-Network", "true");
  response.set("Access-Control-Max-Age", "600");
  return response;
}

void open_to_page(const std::string& origin, wire::Response& response) {
  const bool said = std::ranges::any_of(response.headers, [](const auto& header) {
    return wire::equals_ignoring_case(header.first, "access-control-allow-origin");
  });
  if (origin.empty() || said) return;
  response.set("Access-Control-Allow-Origin", origin);
  response.set("Access-Control-Expose-Headers", "*");
  response.set("Vary", "Origin");
}

}  // namespace aviary
