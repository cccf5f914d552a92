#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aviary::execution {

/// Where telemetry goes: a process in the sandbox that listens there.
struct TelemetryDestination {
  std::string address = "127.0.0.1";  ///< of the sandbox
  bool tcp = false;                   ///< lines of JSON; else HTTP, an array of JSON
  std::uint16_t port = 0;
  std::string target = "/";  ///< HTTP
};

/// What an extension asked for by the Telemetry API, or by the Logs API before it.
struct TelemetrySubscription {
  std::string extension;
  bool logs_api = false;
  std::string schema;
  bool platform = false;
  bool function = false;
  bool extensions = false;
  std::size_t max_items = 0;
  std::size_t max_bytes = 0;
  std::chrono::milliseconds timeout{};
  TelemetryDestination destination{};
};

/// `problems` is what AWS's ValidationError says, parted by "; "; empty when the subscription is good.
/// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html,
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
TelemetrySubscription parse_subscription(std::string_view body, bool logs_api, std::string& problems);

/// `[Platform, Function]`: what it subscribes to, as the log shows it.
std::string type_list(const TelemetrySubscription& subscription);
/// `platform`, `function`…, as the API spells them.
std::vector<std::string> type_names(const TelemetrySubscription& subscription);

}  // namespace aviary::execution
