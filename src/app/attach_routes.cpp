#include <fmt/format.h>

#include "app/parts.hpp"
#include "base/encoding.hpp"
#include "execution/environment_variables.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view attach_path = "/_aviary/attach/";

struct AttachTarget {
  lambda::Scope scope;
  std::string name;
  lambda::VersionHandle latest;  ///< null: there is no such function
};

AttachTarget attach_target(Parts& parts, const wire::Request& request) {
  AttachTarget target;
  target.scope = {query_parameter(request, "account").value_or(parts.options.account),
                  query_parameter(request, "region").value_or(parts.options.region)};
  const std::string_view path = request.path();
  target.name = percent_decode(path.substr(attach_path.size()), false).value_or("");
  const lambda::Moment moment{parts.clock.now(), parts.lambda_ids};
  if (const lambda::Function* found = parts.lambda->store().find(target.scope, target.name, moment))
    target.latest = found->latest.version;
  return target;
}

wire::Response no_function(const AttachTarget& target) {
  return error_response(404, fmt::format("There is no function {} in {} of account {}.", target.name,
                                         target.scope.region, target.scope.account));
}

/// One NAME=value a line, as debuggers read such a file: in double quotes where it would be misread, with
/// line feeds as \n.
std::string env_file(const execution::Variables& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    const bool plain = value.find_first_of(" \t\r\n\"'#$\\`") == std::string::npos;
    std::string shown = plain ? value : "\"";
    for (const char c : plain ? std::string_view() : std::string_view(value)) {
      if (c == '"' || c == '\\') shown += '\\';
      if (c == '\n')
        shown += "\\n";
      else
        shown += c;
    }
    if (!plain) shown += '"';
    text += fmt::format("{}={}\n", name, shown);
  }
  return text;
}

/// `GET /_aviary/attach/FUNCTION[?format=env]`
wire::Response attach(Parts& parts, const wire::Request& request) {
  const AttachTarget target = attach_target(parts, request);
  if (!target.latest) return no_function(target);
  const std::string format = query_parameter(request, "format").value_or("json");
  if (format != "json" && format != "env") return error_response(400, "format is json or env");
  if (target.latest->configuration->package_type == "Image")
    return error_response(400, "A container image has no Runtime API address of its own.");
  if (const Result<std::string> opened = parts.runner->attach(target.latest); !opened)
    return error_response(500, opened.error().message);
  const std::optional<execution::AttachmentInfo> info = parts.runner->attachment(*target.latest);
  if (!info) return error_response(500, "The address went away at once.");
  const std::string endpoint = parts.endpoint();
  const execution::Variables variables = execution::attached_variables(
      *target.latest,
      {info->address, info->identity.log_group, info->identity.log_stream, endpoint, "on-demand",
       parts.iam_gate ? std::optional(parts.iam_gate->function_keys(*target.latest)) : std::nullopt});
  if (format == "env") return text_response(env_file(variables));
  Json environment = Json::object();
  for (const auto& [name, value] : variables) environment[name] = value;
  return json_response({{"function", target.name},
                        {"runtime_api", info->address},
                        {"attached", info->attached},
                        {"environment", std::move(environment)}});
}

wire::Response detach(Parts& parts, const wire::Request& request) {
  const AttachTarget target = attach_target(parts, request);
  const bool there = parts.runner->detach(target.scope, target.name);
  if (!there && !target.latest) return no_function(target);
  return json_response({{"function", target.name}, {"detached", there}});
}

}  // namespace

void add_attach_routes(Parts& parts) {
  const std::string path = std::string(attach_path) + "*";
  parts.admin.add("GET", path, [&parts](const wire::Request& request) { return attach(parts, request); });
  parts.admin.add("DELETE", path, [&parts](const wire::Request& request) { return detach(parts, request); });
}

}  // namespace aviary::app
