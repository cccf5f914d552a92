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

}  // namespace

bool is_local_host(std::string_view host) {
  const std::string_view name = without_port(host);
  return wire::equals_ignoring_case(name, "localhost") || ends_with_ignoring_case(name, ".localhost") ||
         wire::equals_ignoring_case(name, "localhost.localstack.cloud") ||
         ends_with_ignoring_case(name, ".localhost.localstack.cloud") ||
         wire::equals_ignoring_case(name, "host.docker.internal") || is_ipv4(name) || is_ipv6(name);
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
  if (!origin.empty() && !origin_listed) {
    const std::size_t scheme_end = origin.find("://");
    const bool local = scheme_end != std::string_view::npos && is_local_host(origin.substr(scheme_end + 3));
    if (!local)
      return fmt::format("Origin '{}' may not drive this server. Allow it with --allow-origin {}.", origin,
                         origin);
  }
  if (wire::equals_ignoring_case(request.header("sec-fetch-site"), "cross-site") && !origin_listed)
    return std::string(
        "Cross-site requests of a browser are refused. Allow their origin with --allow-origin.");
  return std::nullopt;
}

}  // namespace aviary
