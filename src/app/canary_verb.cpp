// `aviary canary`: a canary of a running server, by hand.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/canary_table.hpp"
#include "app/remote.hpp"
#include "app/verbs.hpp"

namespace aviary::app {
namespace {

int complain(const Remote::Answer& answer) {
  fmt::print(stderr, "aviary: {}\n", answer.problem);
  return 2;
}

std::string path_of(const std::string& place) { return "/_aviary/canaries/" + path_part(place); }

bool succeeded(const Json& report) {
  const Json deployment = report.value("deployment", Json());
  return !deployment.is_object() || deployment.value("status", Json()) == "Succeeded";
}

/// In a terminal the table stays where it is; elsewhere each change is a line.
int watch(Remote& server, const ServerVerbs& wanted) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  std::string shown;
  for (;;) {
    const Remote::Answer answer = server.request("GET", path_of(wanted.canary.place));
    if (!answer.good()) return complain(answer);
    const Json& report = answer.body;
    if (terminal) {
      const auto lines = std::count(shown.begin(), shown.end(), '\n');
      if (lines > 0) fmt::print("\x1b[{}A\x1b[J", lines);
      shown = canary_table(report);
      fmt::print("{}", shown);
    } else if (wanted.canary.once) {
      fmt::print("{}", canary_table(report));
    } else if (std::string line = canary_line(report); line != shown) {
      shown = std::move(line);
      fmt::print("{}\n", shown);
    }
    std::fflush(stdout);
    if (canary_is_over(report)) return succeeded(report) ? 0 : 1;
    if (wanted.canary.once) return 0;
    server.pause(std::chrono::nanoseconds(static_cast<std::int64_t>(wanted.canary.interval * 1e9)));
  }
}

int start(Remote& server, const ServerVerbs& wanted) {
  const auto& canary = wanted.canary;
  Json body = {{"function", canary.place}, {"to", canary.to}};
  if (!canary.config.empty()) body["config"] = canary.config;
  if (!canary.alarms.empty()) body["alarms"] = canary.alarms;
  if (!canary.before_hook.empty()) body["before_hook"] = canary.before_hook;
  if (!canary.after_hook.empty()) body["after_hook"] = canary.after_hook;
  const Remote::Answer answer = server.request("POST", "/_aviary/canaries", body);
  if (!answer.good()) return complain(answer);
  fmt::print("{}", canary_table(answer.body));
  return 0;
}

}  // namespace

int canary_verb(const ServerVerbs& wanted) {
  Remote server(wanted.endpoint);
  if (wanted.canary.what == "start") return start(server, wanted);
  if (wanted.canary.what == "watch") return watch(server, wanted);
  const Remote::Answer answer =
      server.request("POST", path_of(wanted.canary.place) + "/" + wanted.canary.what, Json::object());
  if (!answer.good()) return complain(answer);
  fmt::print("{}", canary_table(answer.body));
  return 0;
}

}  // namespace aviary::app
