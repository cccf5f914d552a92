#include "execution/telemetry_subscription.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bounded_json.hpp"
#include "base/json.hpp"

namespace aviary::execution {
namespace {

struct BufferingRow {
  std::string_view name;
  std::int64_t least;
  std::int64_t most;
  std::int64_t otherwise;
};
constexpr BufferingRow max_items_row{"maxItems", 1000, 10000, 10000};
constexpr BufferingRow max_bytes_row{"maxBytes", 262144, 1048576, 262144};
constexpr BufferingRow timeout_row{"timeoutMs", 25, 30000, 1000};

constexpr std::array<std::string_view, 3> telemetry_schemas{"2022-07-01", "2022-12-13", "2025-01-29"};
constexpr std::array<std::string_view, 2> logs_schemas{"2020-08-15", "2021-03-18"};

using Problems = std::vector<std::string>;

std::int64_t buffering_value(const Json& buffering, const BufferingRow& row, Problems& problems) {
  const auto found = buffering.find(row.name);
  if (found == buffering.end() || found->is_null()) return row.otherwise;
  if (found->is_number_integer()) {
    const auto value = found->get<std::int64_t>();
    if (value >= row.least && value <= row.most) return value;
  }
  problems.push_back(fmt::format("{} should be between {} and {}", row.name, row.least, row.most));
  return row.otherwise;
}

void read_uri(std::string_view uri, bool tcp, TelemetryDestination& to, Problems& problems) {
  const std::string_view scheme = tcp ? "tcp://" : "http://";
  if (!uri.starts_with(scheme)) {
    if (!tcp || uri.find("://") != std::string_view::npos) {
      problems.push_back(fmt::format("URI should start with {}", scheme));
      return;
    }
  } else {
    uri.remove_prefix(scheme.size());
  }
  const std::size_t slash = uri.find('/');
  const std::string_view authority = uri.substr(0, slash);
  if (slash != std::string_view::npos && !tcp) to.target = uri.substr(slash);
  const std::size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  if (host != "sandbox.localdomain" && host != "sandbox")
    problems.push_back("URI host should be sandbox.localdomain");
  if (colon == std::string_view::npos || colon + 1 == authority.size()) {
    problems.emplace_back("URI port is not provided");
    return;
  }
  const std::string_view digits = authority.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  // 9001 is the Runtime API's own.
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535 ||
      port == 9001)
    problems.emplace_back("URI port is not valid");
  else
    to.port = static_cast<std::uint16_t>(port);
}

void read_destination(const Json& body, TelemetrySubscription& into, Problems& problems) {
  const auto destination = body.find("destination");
  if (destination == body.end() || !destination->is_object()) {
    problems.emplace_back("destination is not provided");
    return;
  }
  const auto protocol = destination->find("protocol");
  const std::string name =
      protocol != destination->end() && protocol->is_string() ? protocol->get<std::string>() : std::string();
  if (name != "HTTP" && name != "TCP") {
    problems.emplace_back("destination protocol should be one of: HTTP, TCP");
    return;
  }
  into.destination.tcp = name == "TCP";
  // The Logs API of TCP names a port only.
  const auto port = destination->find("port");
  if (into.destination.tcp && port != destination->end() && port->is_number_integer()) {
    const auto number = port->get<std::int64_t>();
    if (number < 1 || number > 65535)
      problems.emplace_back("port is not valid");
    else
      into.destination.port = static_cast<std::uint16_t>(number);
    return;
  }
  const auto uri = destination->find("URI");
  if (uri == destination->end() || !uri->is_string())
    problems.emplace_back("URI is not provided");
  else
    read_uri(uri->get_ref<const std::string&>(), into.destination.tcp, into.destination, problems);
}

void read_types(const Json& body, TelemetrySubscription& into, Problems& problems) {
  const auto types = body.find("types");
  if (types == body.end() || !types->is_array() || types->empty()) {
    problems.emplace_back("types should not be empty");
    return;
  }
  for (const Json& type : *types) {
    const std::string name = type.is_string() ? type.get<std::string>() : type.dump();
    if (name == "platform")
      into.platform = true;
    else if (name == "function")
      into.function = true;
    else if (name == "extension")
      into.extensions = true;
    else
      problems.push_back(fmt::format("type {} is not supported", name));
  }
}

}  // namespace

TelemetrySubscription parse_subscription(std::string_view text, bool logs_api, std::string& problems) {
  TelemetrySubscription made;
  made.logs_api = logs_api;
  Problems found;
  const Json body = parse_bounded<Json>(text);
  if (!body.is_object()) {
    problems = "request body is not a JSON object";
    return made;
  }
  const auto schema = body.find("schemaVersion");
  if (schema != body.end() && schema->is_string()) made.schema = schema->get<std::string>();
  const bool known = logs_api ? made.schema.empty() || std::find(logs_schemas.begin(), logs_schemas.end(),
                                                                 made.schema) != logs_schemas.end()
                              : std::find(telemetry_schemas.begin(), telemetry_schemas.end(), made.schema) !=
                                    telemetry_schemas.end();
  if (!known)
    found.push_back(made.schema.empty() ? std::string("schemaVersion is not provided")
                                        : fmt::format("schemaVersion {} is not supported", made.schema));
  read_destination(body, made, found);
  read_types(body, made, found);
  const auto buffering = body.find("buffering");
  const bool given = buffering != body.end() && !buffering->is_null();
  if (given && !buffering->is_object()) found.emplace_back("buffering should be an object");
  const Json values = given && buffering->is_object() ? *buffering : Json::object();
  made.max_items = static_cast<std::size_t>(buffering_value(values, max_items_row, found));
  made.max_bytes = static_cast<std::size_t>(buffering_value(values, max_bytes_row, found));
  made.timeout = std::chrono::milliseconds(buffering_value(values, timeout_row, found));
  problems = fmt::format("{}", fmt::join(found, "; "));
  return made;
}

std::string type_list(const TelemetrySubscription& subscription) {
  std::vector<std::string_view> types;
  if (subscription.platform) types.emplace_back("Platform");
  if (subscription.function) types.emplace_back("Function");
  if (subscription.extensions) types.emplace_back("Extension");
  return fmt::format("[{}]", fmt::join(types, ", "));
}

std::vector<std::string> type_names(const TelemetrySubscription& subscription) {
  std::vector<std::string> types;
  if (subscription.platform) types.emplace_back("platform");
  if (subscription.function) types.emplace_back("function");
  if (subscription.extensions) types.emplace_back("extension");
  return types;
}

}  // namespace aviary::execution
