#include "app/function_log_printer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>

namespace aviary::app {

FunctionLogPrinter::FunctionLogPrinter(bool plain) : plain_(plain), coloured_(isatty(STDERR_FILENO) != 0) {}

void FunctionLogPrinter::on_line(const execution::EnvironmentIdentity& environment, Instant,
                                 std::string_view line) {
  static constexpr std::array colours{31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96};
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (plain_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  const lambda::Version& version = *environment.version;
  const std::string prefix = fmt::format("{}[{}]", version.function_name, version.number);
  if (coloured_) {
    const int colour = colours[std::hash<std::string>{}(prefix) % colours.size()];
    fmt::print(stderr, "\x1b[{}m{}\x1b[0m {}\n", colour, prefix, line);
  } else {
    fmt::print(stderr, "{} {}\n", prefix, line);
  }
}

}  // namespace aviary::app
