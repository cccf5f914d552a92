#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

#include "app/admin.hpp"
#include "app/parts.hpp"
#include "app/version.hpp"
#include "base/bounded_json.hpp"
#include "base/time.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {
namespace {

Json health(const Parts& parts) {
  Json services = Json::object();
  for (const models::Service* model : parts.gateway->models()) services[std::string(model->id)] = "running";
  return {{"status", "running"}, {"version", version}, {"edition", "aviary"}, {"services", services}};
}

Json info(Parts& parts) {
  Json info = {
      {"version", version},
      {"endpoint", parts.endpoint()},
      {"seed", parts.seed},
      {"account", parts.options.account},
      {"region", parts.options.region},
      {"data_dir", parts.options.data_dir.empty() ? Json(nullptr) : Json(parts.options.data_dir.string())},
      {"routing", parts.options.routing},
      {"omitted_routing_config", parts.options.omitted_routing_config},
      {"clock", parts.options.clock},
      {"request_rates",
       lambda::request_rates_text(
           lambda::parse_request_rates(parts.options.request_rates).value_or(lambda::RequestRateLimits{}))},
      {"now", iso8601(parts.clock.now())},
      {"uptime_seconds", std::chrono::duration<double>(parts.stopwatch.elapsed()).count()},
      {"environments", parts.runner->environments().size()},
      {"in_flight", parts.runner->in_flight()}};
  for (const Service* service : parts.services) info[std::string(service->model().id)] = service->counts();
  return info;
}

Json environments(const Parts& parts) {
  Json rows = Json::array();
  for (const execution::EnvironmentInfo& row : parts.runner->environments()) {
    const auto seconds = [](std::chrono::nanoseconds time) {
      return std::chrono::duration<double>(time).count();
    };
    rows.push_back({{"id", row.id},
                    {"account", row.account},
                    {"region", row.region},
                    {"function", row.function_name},
                    {"version", row.version},
                    {"state", row.state},
                    {"age_seconds", seconds(row.age)},
                    {"idle_seconds", seconds(row.idle)},
                    {"invokes", row.invocations},
                    {"memory_bytes", row.memory_bytes},
                    {"pid", row.pid ? Json(*row.pid) : Json(nullptr)},
                    {"provisioned", row.provisioned},
                    {"initialization", row.initialization_type},
                    {"tenant", row.tenant_id.empty() ? Json(nullptr) : Json(row.tenant_id)},
                    {"attached", row.attached},
                    {"log_stream", row.log_stream}});
  }
  return {{"environments", rows}};
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Prometheus text format 0.0.4.
std::string metrics(Parts& parts) {
  const GatewayCounts& counts = parts.gateway->counts();
  const Json lambda = parts.lambda->counts();
  std::string text;
  const auto sample = [&text](std::string_view name, std::string_view kind, std::string_view help,
                              auto value) {
    text += fmt::format("# HELP aviary_{0} {1}\n# TYPE aviary_{0} {2}\naviary_{0} {3}\n", name, help, kind,
                        value);
  };
  sample("requests_total", "counter", "AWS requests answered.", counts.requests);
  sample("client_errors_total", "counter", "AWS requests answered with a 4xx status.", counts.client_errors);
  sample("server_errors_total", "counter", "AWS requests answered with a 5xx status.", counts.server_errors);
  sample("connections", "gauge", "Open client connections.", parts.server->connections());
  sample("environments", "gauge", "Execution environments.", parts.runner->environments().size());
  sample("invocations_in_flight", "gauge", "Invocations that are not answered yet.",
         parts.runner->in_flight());
  sample("functions", "gauge", "Functions of all accounts and regions.", lambda.value("functions", 0));
  sample("versions", "gauge", "Published versions.", lambda.value("versions", 0));
  sample("aliases", "gauge", "Aliases.", lambda.value("aliases", 0));
  sample("pending_events", "gauge", "Asynchronous events that wait to run.",
         lambda.value("pending_events", 0));
  sample("uptime_seconds", "gauge", "Seconds since the start.",
         std::chrono::duration<double>(parts.stopwatch.elapsed()).count());
  sample("process_resident_memory_bytes", "gauge", "Resident memory of the server itself.", resident_bytes());
  return text;
}

wire::Response routes(Parts& parts, const wire::Request& request) {
  std::size_t limit = 100;
  if (const auto given = query_parameter(request, "limit")) {
    const auto [end, failed] = std::from_chars(given->data(), given->data() + given->size(), limit);
    if (failed != std::errc{} || end != given->data() + given->size())
      return error_response(400, "limit is a number of decisions, 0 or more");
  }
  return json_response(parts.lambda->routes(query_parameter(request, "alias").value_or(""), limit));
}

/// `PUT /_aviary/routing?alias=name:alias` with `{"routing": "exact"}`, or `{"routing": null}` for the
/// server's own mode.
wire::Response set_routing(Parts& parts, const wire::Request& request) {
  const auto alias = query_parameter(request, "alias");
  if (!alias || alias->empty())
    return error_response(400, "Which alias? PUT /_aviary/routing?alias=FUNCTION:ALIAS");
  const Json body = parse_bounded<Json>(request.body);
  if (!body.is_object() || !body.contains("routing"))
    return error_response(400, R"(The body is {"routing": "random" | "exact" | "sticky=…" | null}.)");
  std::optional<lambda::RouterSettings> settings;
  if (!body["routing"].is_null()) {
    settings = body["routing"].is_string() ? lambda::parse_router_settings(body["routing"].get<std::string>())
                                           : std::nullopt;
    if (!settings)
      return error_response(
          400,
          "routing is random, exact, sticky=header:NAME, sticky=context:POINTER or sticky=payload:POINTER");
  }
  const lambda::Scope scope{query_parameter(request, "account").value_or(parts.options.account),
                            query_parameter(request, "region").value_or(parts.options.region)};
  const Result<> done = parts.lambda->set_router(scope, *alias, std::move(settings));
  if (!done) return error_response(done.error().shape->status, done.error().message);
  return json_response({{"alias", *alias}, {"routing", body["routing"]}});
}

Task<wire::Response> reset(Parts& parts) {
  co_await parts.reset();
  co_return json_response({{"status", "reset"}});
}

Task<wire::Response> code(Parts& parts, std::string digest) {
  std::optional<std::string> bytes = co_await parts.lambda->code_package(std::move(digest));
  if (!bytes) co_return error_response(404, "No such code package.");
  co_return text_response(std::move(*bytes), "application/zip");
}

}  // namespace

void add_admin_routes(Parts& parts) {
  Admin& admin = parts.admin;
  for (const char* path : {"/_aviary/health", "/_localstack/health"})
    admin.add("GET", path, [&parts](const wire::Request&) { return json_response(health(parts)); });
  admin.add("GET", "/_aviary/info", [&parts](const wire::Request&) { return json_response(info(parts)); });
  admin.add("GET", "/_aviary/environments",
            [&parts](const wire::Request&) { return json_response(environments(parts)); });
  admin.add("GET", "/_aviary/routes",
            [&parts](const wire::Request& request) { return routes(parts, request); });
  admin.add("GET", "/_aviary/mappings", [&parts](const wire::Request&) {
    return json_response(parts.lambda->mappings().engine().report(parts.clock.now()));
  });
  admin.add("PUT", "/_aviary/routing",
            [&parts](const wire::Request& request) { return set_routing(parts, request); });
  admin.add("GET", "/metrics", [&parts](const wire::Request&) {
    return text_response(metrics(parts), "text/plain; version=0.0.4; charset=utf-8");
  });
  admin.add_task("POST", "/_aviary/reset", [&parts](wire::Request) { return reset(parts); });
  admin.add_task("GET", "/_aviary/code/*", [&parts](wire::Request request) {
    return code(parts, std::string(request.path().substr(std::string_view("/_aviary/code/").size())));
  });
}

}  // namespace aviary::app
