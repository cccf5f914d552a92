#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "app/launcher_options.hpp"
#include "app/verbs.hpp"
#include "engine/engine.hpp"
#include "host/machine_report.hpp"
#include "host/runtime_catalog.hpp"
#include "host/sandbox_launcher.hpp"

namespace aviary::app {
namespace {

/// One of each managed runtime that Lambda offers and Aviary has a client for.
constexpr std::array runtimes{"python3.14",      "python3.13",  "python3.12", "python3.11", "python3.10",
                              "python3.9",       "python3.8",   "nodejs24.x", "nodejs22.x", "nodejs20.x",
                              "nodejs18.x",      "nodejs16.x",  "ruby3.4",    "ruby3.3",    "ruby3.2",
                              "java25",          "java21",      "java17",     "java11",     "java8.al2",
                              "provided.al2023", "provided.al2"};

void print_runtimes(host::HostRuntimeCatalog& catalog) {
  fmt::print("\nRuntimes\n");
  for (const std::string_view runtime : runtimes) {
    const std::optional<RuntimeCommand> command = catalog.find(runtime);
    if (!command) {
      fmt::print("  --  {:<16} {}\n", runtime, catalog.install_hint(runtime));
    } else if (command->argv.empty()) {
      fmt::print("  ok  {:<16} the function brings its own\n", runtime);
    } else {
      fmt::print("  {}  {:<16} {} {}{}\n", command->exact ? "ok" : "~~", runtime, command->argv.front(),
                 command->version,
                 command->exact ? "" : ", a neighbouring version (--strict-runtimes refuses it)");
    }
  }
}

void print_engine(const EmulatorOptions& options) {
  fmt::print("\nContainer images\n  {}  image folders on disk (oci:): {}\n",
             options.image_root.empty() ? "--" : "ok",
             options.image_root.empty() ? "off; --image-root DIR takes them from below DIR"
                                        : fmt::format("{}", fmt::join(options.image_root, ", ")));
  const std::string socket = engine::find_engine_socket(options.engine);
  if (socket.empty())
    fmt::print(
        "  --  images from a registry: no container engine; start Docker or Podman, or name its socket "
        "with --engine\n");
  else
    fmt::print("  ok  images from a registry: by the engine at {}\n", socket);
}

}  // namespace

int doctor(const EmulatorOptions& options) {
  boost::asio::io_context loop(1);
  host::HostRuntimeCatalog catalog(catalog_options(options));
  auto launcher = host::make_launcher(loop.get_executor(), launcher_options(options, catalog));
  std::optional<boost::system::result<host::LauncherFacts, LaunchProblem>> facts;
  boost::asio::co_spawn(loop, launcher->prepare(),
                        [&facts, &loop](const std::exception_ptr& escaped, auto found) {
                          if (!escaped) facts.emplace(std::move(found));
                          loop.stop();
                        });
  loop.run();
  if (!facts || !*facts) {
    fmt::print("This machine cannot run functions: {} failed with error {}.\n",
               facts ? facts->error().step : "preparing", facts ? facts->error().error_number : 0);
    return 1;
  }

  const host::MachineReport report = host::examine_machine(**facts);
  fmt::print("Machine\n      Linux {}, {} processors, {} MiB of memory, {}\n", report.kernel,
             report.processors, report.memory_bytes >> 20, report.root ? "as root" : "as an ordinary user");
  bool all_good = true;
  for (const host::MachineReport::Finding& finding : report.findings) {
    all_good = all_good && finding.good;
    fmt::print("  {}  {}\n", finding.good ? "ok" : "--", finding.what);
    if (!finding.advice.empty()) fmt::print("      {}\n", finding.advice);
  }
  print_runtimes(catalog);
  print_engine(options);
  launcher.reset();
  loop.restart();
  loop.poll();
  return all_good ? 0 : 1;
}

}  // namespace aviary::app
