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
  std::string shown;
  if (!plain_) {
    const lambda::Version& version = *environment.version;
    const std::string prefix = fmt::format("{}[{}]", version.function_name, version.number);
    const int colour = colours[std::hash<std::string>{}(prefix) % colours.size()];
    shown = coloured_ ? fmt::format("\x1b[{}m{}\x1b[0m ", colour, prefix) : prefix + " ";
  }
  shown.append(line);
  shown.push_back('\n');
  // Not fmt::print: it throws where nobody reads any more, and a server outlives its terminal.
  std::fwrite(shown.data(), 1, shown.size(), stderr);
}

}  // namespace aviary::app
