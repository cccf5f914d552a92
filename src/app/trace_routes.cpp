#include <charconv>

#include "app/admin.hpp"
#include "app/parts.hpp"

namespace aviary::app {
namespace {

wire::Response traces(Parts& parts, const wire::Request& request) {
  const std::string function = query_parameter(request, "function").value_or("");
  const std::string trace = query_parameter(request, "trace").value_or("");
  TraceRing::Query query{.function = function, .trace_id = trace};
  if (const auto given = query_parameter(request, "limit")) {
    const auto [end, failed] = std::from_chars(given->data(), given->data() + given->size(), query.limit);
    if (failed != std::errc{} || end != given->data() + given->size())
      return error_response(400, "limit is a number of traces, 0 or more");
  }
  Json report = parts.traces.report(query);
  report["export"] = parts.trace_export ? parts.trace_export->report() : Json(nullptr);
  return json_response(report);
}

}  // namespace

void add_trace_routes(Parts& parts) {
  parts.admin.add("GET", "/_aviary/traces",
                  [&parts](const wire::Request& request) { return traces(parts, request); });
}

}  // namespace aviary::app
