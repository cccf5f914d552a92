#include <fmt/format.h>

#include "models/events.hpp"
#include "services/events/api/events_service.hpp"
#include "wire/protocol.hpp"

/// How API destinations sign in.
namespace aviary::events {
namespace {

namespace errors = models::events::errors;

AwsError no_such_connection(const std::string& name) {
  return not_found(
      fmt::format("Failed to describe the connection(s). Connection '{}' does not exist.", name));
}

/// The part of AuthParameters that a kind of authorization is about.
const char* parameters_for(const std::string& type) {
  return type == "BASIC" ? "BasicAuthParameters" : "ApiKeyAuthParameters";
}

Result<> check_connection(const Json& connection, const Json& input) {
  const std::string type = text_of(connection, "AuthorizationType");
  if (type == "OAUTH_CLIENT_CREDENTIALS")
    return AwsError(wire::errors::NotImplemented,
                    "Connections with OAUTH_CLIENT_CREDENTIALS are not part of Aviary yet.");
  for (const Json& each : {input, input.value("AuthParameters", Json::object())})
    for (const char* member : {"InvocationConnectivityParameters", "ConnectivityParameters"})
      if (find_member(each, member))
        return AwsError(wire::errors::NotImplemented, "Private connectivity is not part of Aviary.");
  const char* wanted = parameters_for(type);
  if (!find_member(connection.value("AuthParameters", Json::object()), wanted))
    return validation(
        fmt::format("Parameter(s) {} must be specified for AuthorizationType {}.", wanted, type));
  return {};
}

/// What the changing operations answer.
Json changed_connection(const Json& connection) {
  Json out = Json::object();
  for (const char* member :
       {"ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime", "LastAuthorizedTime"})
    if (connection.contains(member)) out[member] = connection[member];
  return out;
}

}  // namespace

Result<Reply> EventsService::create_connection(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  if (calls_.connections.find(scope, name) != nullptr)
    return AwsError(errors::ResourceAlreadyExistsException,
                    fmt::format("Connection {} already exists.", name));
  const std::string id = ids_.uuid();
  const double now = whole_epoch_seconds(call.now);
  Json connection{{"ConnectionArn", fmt::format("arn:aws:events:{}:{}:connection/{}/{}", scope.region,
                                                scope.account, name, id)},
                  {"Name", name},
                  {"ConnectionState", "AUTHORIZED"},
                  {"SecretArn", fmt::format("arn:aws:secretsmanager:{}:{}:secret:events!connection/{}/{}-{}",
                                            scope.region, scope.account, name, id, ids_.hex(6))},
                  {"CreationTime", now},
                  {"LastModifiedTime", now},
                  {"LastAuthorizedTime", now}};
  for (const char* member : {"Description", "AuthorizationType", "AuthParameters", "KmsKeyIdentifier"})
    if (const Json* given = find_member(call.input, member)) connection[member] = *given;
  if (const Result<> fine = check_connection(connection, call.input); !fine) return fine.error();
  Reply reply{.output = changed_connection(connection)};
  reply.output.erase("LastAuthorizedTime");
  calls_.connections.put(scope, name, std::move(connection));
  return reply;
}

Result<Reply> EventsService::update_connection(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.connections.find(scope, name);
  if (found == nullptr) return no_such_connection(name);
  Json connection = *found;
  for (const char* member : {"Description", "AuthorizationType", "KmsKeyIdentifier"})
    if (const Json* given = find_member(call.input, member)) connection[member] = *given;
  // What is not named of the parameters stays; the kind of authorization that is no longer used goes.
  if (const Json* given = find_member(call.input, "AuthParameters"))
    connection["AuthParameters"].update(*given);
  const std::string type = text_of(connection, "AuthorizationType");
  connection["AuthParameters"].erase(parameters_for(type == "BASIC" ? "API_KEY" : "BASIC"));
  if (const Result<> fine = check_connection(connection, call.input); !fine) return fine.error();
  connection["ConnectionState"] = "AUTHORIZED";
  connection["LastModifiedTime"] = connection["LastAuthorizedTime"] = whole_epoch_seconds(call.now);
  Reply reply{.output = changed_connection(connection)};
  calls_.connections.put(scope, name, std::move(connection));
  return reply;
}

Result<Reply> EventsService::describe_connection(Call& call) {
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.connections.find(scope_of(call), name);
  if (found == nullptr) return no_such_connection(name);
  return Reply{.output = without_secrets(*found)};
}

Result<Reply> EventsService::list_connections(Call& call) {
  const std::string prefix = text_of(call.input, "NamePrefix");
  const std::string state = text_of(call.input, "ConnectionState");
  Json entries = Json::array();
  for (const auto& [name, connection] : calls_.connections.of(scope_of(call))) {
    if (!name.starts_with(prefix) || (!state.empty() && state != text_of(connection, "ConnectionState")))
      continue;
    Json row = changed_connection(connection);
    row["Name"] = name;
    row["AuthorizationType"] = connection["AuthorizationType"];
    entries.push_back(std::move(row));
  }
  return page_of(call, "Connections", std::move(entries));
}

/// "Removes all authorization parameters from the connection."
Result<Reply> EventsService::deauthorize_connection(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.connections.find(scope, name);
  if (found == nullptr) return no_such_connection(name);
  Json connection = *found;
  connection["AuthParameters"] = Json::object();
  connection["ConnectionState"] = "DEAUTHORIZED";
  connection["LastModifiedTime"] = whole_epoch_seconds(call.now);
  Reply reply{.output = changed_connection(connection)};
  calls_.connections.put(scope, name, std::move(connection));
  return reply;
}

Result<Reply> EventsService::delete_connection(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.connections.find(scope, name);
  if (found == nullptr) return no_such_connection(name);
  Reply reply{.output = changed_connection(*found)};
  reply.output["ConnectionState"] = "DELETING";
  calls_.connections.erase(scope, name);
  return reply;
}

}  // namespace aviary::events
