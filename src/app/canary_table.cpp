#include "app/canary_table.hpp"

#include <fmt/format.h>

#include "base/duration.hpp"
#include "base/time.hpp"

namespace aviary::app {
namespace {

std::string text_at(const Json& document, const char* member) {
  return document.is_object() && document.contains(member) && document[member].is_string()
             ? document[member].get<std::string>()
             : std::string();
}

double number_at(const Json& document, const char* member) {
  return document.is_object() && document.contains(member) && document[member].is_number()
             ? document[member].get<double>()
             : 0;
}

std::string milliseconds_at(const Json& row, const char* member) {
  if (!row.contains(member) || !row[member].is_number()) return "-";
  const double value = row[member].get<double>();
  return value < 10 ? fmt::format("{:.1f} ms", value) : fmt::format("{:.0f} ms", value);
}

std::string errors_of(const Json& row) {
  const double invokes = number_at(row, "invokes");
  const double errors = number_at(row, "errors");
  if (errors == 0 || invokes == 0) return fmt::format("{:.0f}", errors);
  return fmt::format("{:.0f} ({:.1f} %)", errors, 100 * errors / invokes);
}

/// `d-… CodeDeployDefault.LambdaCanary10Percent5Minutes InProgress`, and why it did not succeed.
std::string headline(const Json& deployment) {
  if (!deployment.is_object()) return "no deployment";
  std::string line = fmt::format("{}  {}  {}", text_at(deployment, "id"), text_at(deployment, "config"),
                                 text_at(deployment, "status"));
  if (const std::string code = text_at(deployment.value("error", Json()), "code"); !code.empty())
    line += fmt::format(" ({})", code);
  return line;
}

/// What it waits for; empty when it is over.
std::string next_step(const Json& report) {
  const Json deployment = report.value("deployment", Json());
  if (!deployment.is_object() || deployment.value("over", true)) return {};
  if (const std::string hook = text_at(deployment, "hook"); !hook.empty())
    return fmt::format("waits for {}", hook);
  const auto next = parse_iso8601(text_at(deployment, "next"));
  const auto now = parse_iso8601(text_at(report, "now"));
  if (!next || !now) return "next step at once";
  return fmt::format("next step in {}", duration_text(std::max(Duration::zero(), *next - *now)));
}

std::string rolled_back_by(const Json& report) {
  const Json deployment = report.value("deployment", Json());
  if (!deployment.is_object()) return {};
  return text_at(deployment.value("rollback", Json()), "deployment");
}

}  // namespace

bool canary_is_over(const Json& report) {
  const Json deployment = report.value("deployment", Json());
  return !deployment.is_object() || deployment.value("over", true);
}

std::string canary_table(const Json& report) {
  std::string table = fmt::format("{}:{}  {}\n", text_at(report, "function"), text_at(report, "alias"),
                                  headline(report.value("deployment", Json())));
  table += fmt::format("{:<9}{:>7}{:>10}{:>16}{:>11}{:>11}\n", "VERSION", "SHARE", "INVOKES", "ERRORS", "P50",
                       "P99");
  for (const Json& row : report.value("versions", Json::array()))
    table += fmt::format("{:<9}{:>7}{:>10.0f}{:>16}{:>11}{:>11}\n", text_at(row, "version"),
                         fmt::format("{:g} %", number_at(row, "percent")), number_at(row, "invokes"),
                         errors_of(row), milliseconds_at(row, "p50_ms"), milliseconds_at(row, "p99_ms"));
  for (const Json& alarm : report.value("alarms", Json::array()))
    table += fmt::format("alarm {}: {}\n", text_at(alarm, "name"), text_at(alarm, "state"));
  if (const std::string back = rolled_back_by(report); !back.empty())
    table += fmt::format("rolled back by {}\n", back);
  if (const std::string next = next_step(report); !next.empty()) table += next + "\n";
  return table;
}

std::string canary_line(const Json& report) {
  std::string line = fmt::format("{}:{} {}", text_at(report, "function"), text_at(report, "alias"),
                                 headline(report.value("deployment", Json())));
  for (const Json& row : report.value("versions", Json::array()))
    line += fmt::format("; version {}: {:g} %, {:.0f} invokes, {} errors, p50 {}, p99 {}",
                        text_at(row, "version"), number_at(row, "percent"), number_at(row, "invokes"),
                        errors_of(row), milliseconds_at(row, "p50_ms"), milliseconds_at(row, "p99_ms"));
  for (const Json& alarm : report.value("alarms", Json::array()))
    line += fmt::format("; alarm {} {}", text_at(alarm, "name"), text_at(alarm, "state"));
  if (const std::string back = rolled_back_by(report); !back.empty())
    line += fmt::format("; rolled back by {}", back);
  if (const std::string next = next_step(report); !next.empty()) line += "; " + next;
  return line;
}

}  // namespace aviary::app
