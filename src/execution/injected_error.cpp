#include "execution/injected_error.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace aviary::execution {
namespace {

std::string text_of_json(const OrderedJson& document) {
  return document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

InjectedError of_python(bool json_log, std::string_view request_id, Instant now, std::string_view type,
                        std::string_view message) {
  OrderedJson payload;
  payload["errorMessage"] = message;
  payload["errorType"] = type;
  payload["requestId"] = request_id;
  payload["stackTrace"] = OrderedJson::array();
  InjectedError made{.payload = text_of_json(payload), .output = {}};
  if (json_log) {
    OrderedJson line;
    line["timestamp"] = iso8601(now, 0);
    line["log_level"] = "ERROR";
    line.update(payload);
    made.output = text_of_json(line) + '\n';
  } else {
    // Line feeds inside a record travel as carriage returns.
    made.output = fmt::format("[ERROR] {}: {}\rTraceback (most recent call last):\n", type, message);
  }
  return made;
}

InjectedError of_node(bool json_log, std::string_view request_id, Instant now, std::string_view type,
                      std::string_view message) {
  const OrderedJson stack = OrderedJson::array({fmt::format("{}: {}", type, message)});
  OrderedJson payload;
  payload["errorType"] = type;
  payload["errorMessage"] = message;
  payload["trace"] = stack;
  InjectedError made{.payload = text_of_json(payload), .output = {}};
  OrderedJson shown;
  shown["errorType"] = type;
  shown["errorMessage"] = message;
  if (json_log) {
    shown["stackTrace"] = stack;
    OrderedJson line;
    line["timestamp"] = iso8601(now);
    line["level"] = "ERROR";
    line["requestId"] = request_id;
    line["message"] = std::move(shown);
    made.output = text_of_json(line) + '\n';
  } else {
    shown["stack"] = stack;
    made.output =
        fmt::format("{}\t{}\tERROR\tInvoke Error \t{}\n", iso8601(now), request_id, text_of_json(shown));
  }
  return made;
}

InjectedError of_ruby(std::string_view type, std::string_view message) {
  OrderedJson payload;
  payload["errorMessage"] = message;
  payload["errorType"] = fmt::format("Function<{}>", type);
  payload["stackTrace"] = OrderedJson::array();
  return {.payload = text_of_json(payload),
          .output = fmt::format("Error raised from handler method\n{}\n",
                                payload.dump(2, ' ', false, OrderedJson::error_handler_t::replace))};
}

}  // namespace

InjectedError injected_error(const lambda::Version& version, std::string_view request_id, Instant now,
                             std::string_view type, std::string_view message) {
  const lambda::Configuration& configuration = *version.configuration;
  const bool json_log = configuration.log_format == "JSON";
  if (configuration.runtime.starts_with("python")) return of_python(json_log, request_id, now, type, message);
  if (configuration.runtime.starts_with("nodejs")) return of_node(json_log, request_id, now, type, message);
  if (configuration.runtime.starts_with("ruby")) return of_ruby(type, message);
  OrderedJson payload;
  payload["errorType"] = type;
  payload["errorMessage"] = message;
  return {.payload = text_of_json(payload), .output = {}};
}

}  // namespace aviary::execution
