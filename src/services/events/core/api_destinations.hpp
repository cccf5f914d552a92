#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "ports/scoped_documents.hpp"
#include "services/events/core/rules.hpp"

namespace aviary::events {

/// A request to somebody's HTTP server, as an API destination makes it.
struct HttpCall {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// Connections (how to sign in) and API destinations (where to call), as the API describes them, by name. A
/// connection's document also has its secrets: see `without_secrets`.
struct ApiDestinations {
  explicit ApiDestinations(Journal& journal)
      : connections(journal, "events_connections"), destinations(journal, "events_api_destinations") {}

  ScopedDocuments<Scope> connections;
  ScopedDocuments<Scope> destinations;

  void restore() {
    connections.restore();
    destinations.restore();
  }
  void clear() {
    connections.clear();
    destinations.clear();
  }
  /// Null if there is none of this ARN any more.
  const Json* connection_of(const Scope& scope, const Json& destination) const;
};

/// The name in `…:connection/NAME/UUID`, and in `…:api-destination/NAME/UUID`.
std::string name_in_arn(const std::string& arn);

inline bool is_api_destination(const std::string& arn) {
  return arn.find(":api-destination/") != std::string::npos;
}

/// What DescribeConnection sends: without passwords, keys and what is marked `IsValueSecret`.
Json without_secrets(Json connection);

/// The request for one event. `target` is the rule's; where it and the connection name the same parameter the
/// connection's value holds ("values from the connection take precedence", developer guide, API
/// destinations).
HttpCall http_call(const Json& destination, const Json& connection, const Json& target, std::string body);

}  // namespace aviary::events
