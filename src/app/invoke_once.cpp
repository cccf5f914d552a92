#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "app/handler_guess.hpp"
#include "app/launcher_options.hpp"
#include "app/verbs.hpp"
#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "host/folder_zip.hpp"
#include "host/runtime_catalog.hpp"
#include "host/system_clock.hpp"
#include "http/client.hpp"

/// `aviary invoke FILE [EVENT]`: an emulator of its own, one function, one invocation.
namespace aviary::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view function_name = "handler";
constexpr std::string_view role = "arn:aws:iam::123456789012:role/aviary-invoke";
/// Nothing could be run: the same as for a mistake on the command line.
constexpr int cannot_run = 2;

int complain(std::string_view what) {
  fmt::print(stderr, "aviary: {}\n", what);
  return cannot_run;
}

template <class Stream>
std::string all_of(Stream& in) {
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// JSON text, `@FILE`, or `-` for standard input. Nothing: `{}`.
std::optional<std::string> read_event(const std::string& event, std::string& problem) {
  if (event.empty()) return "{}";
  if (event == "-") return all_of(std::cin);
  if (!event.starts_with('@')) return event;
  std::ifstream file(event.substr(1), std::ios::binary);
  if (!file) {
    problem = fmt::format("{} cannot be read", event.substr(1));
    return std::nullopt;
  }
  return all_of(file);
}

/// A program under another name than `bootstrap`: a folder with a copy of it. Gone with this.
class BootstrapFolder {
 public:
  explicit BootstrapFolder(const fs::path& program) {
    std::string pattern = (fs::temp_directory_path() / "aviary-invoke-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    folder_ = pattern;
    std::error_code problem;
    fs::permissions(folder_, fs::perms(0755), problem);
    fs::copy_file(program, folder_ / "bootstrap", problem);
    fs::permissions(folder_ / "bootstrap", fs::perms(0755), problem);
  }
  ~BootstrapFolder() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  BootstrapFolder(const BootstrapFolder&) = delete;
  BootstrapFolder& operator=(const BootstrapFolder&) = delete;
  const fs::path& path() const { return folder_; }

 private:
  fs::path folder_;
};

using Answered = boost::system::result<wire::Response, http::FetchProblem>;

Answered request(http::Outgoing outgoing, std::chrono::seconds patience) {
  boost::asio::io_context loop(1);
  host::SystemStopwatch stopwatch(loop.get_executor());
  const http::FetchLimits limits{.timeout = patience, .answer_bytes = 64 << 20};
  std::optional<Answered> answer;
  auto fetching = http::fetch(loop.get_executor(), stopwatch, std::move(outgoing), limits);
  boost::asio::co_spawn(loop, std::move(fetching),
                        [&answer, &loop](const std::exception_ptr& escaped, Answered got) {
                          if (!escaped) answer.emplace(std::move(got));
                          loop.stop();  // the stopwatch would go on
                        });
  loop.run();
  if (answer) return std::move(*answer);
  return http::FetchProblem{http::FetchProblem::Kind::Exchange, "no answer"};
}

/// What an error's body says, for people.
std::string message_of(const wire::Response& answer) {
  const Json body = parse_bounded<Json>(answer.body);
  for (const char* key : {"message", "Message"})
    if (body.is_object() && body.contains(key) && body[key].is_string()) return body[key].get<std::string>();
  return answer.body;
}

/// The command line's part of what a function is.
Json function_of(const InvokeOptions& asked, const HandlerGuess& guess, const std::string& runtime) {
  Json variables = Json::object();
  for (const std::string& pair : asked.env) {
    const std::size_t equals = pair.find('=');
    variables[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  Json function{{"FunctionName", function_name},
                {"Role", role},
                {"Runtime", runtime},
                {"Handler", asked.handler.empty() ? guess.handler : asked.handler},
                {"Timeout", asked.timeout},
                {"MemorySize", asked.memory}};
  if (!variables.empty()) function["Environment"] = {{"Variables", std::move(variables)}};
  return function;
}

int run_once(EmulatorOptions options, Json function, std::string event, std::int64_t timeout) {
  auto [emulator, problem] = Emulator::start(std::move(options));
  if (!emulator) return complain(problem);
  const Answered created = request({.host = "127.0.0.1",
                                    .port = emulator->port(),
                                    .method = "POST",
                                    .target = "/2015-03-31/functions",
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = function.dump()},
                                   std::chrono::seconds(60));
  if (!created) return complain(created.error().text);
  if (created->status >= 300) return complain(message_of(*created));
  const Answered answer =
      request({.host = "127.0.0.1",
               .port = emulator->port(),
               .method = "POST",
               .target = fmt::format("/2015-03-31/functions/{}/invocations", function_name),
               // So that the answer comes after what the function has written.
               .headers = {{"X-Amz-Log-Type", "Tail"}},
               .body = std::move(event)},
              std::chrono::seconds(timeout + 60));
  emulator->stop();
  if (!answer) return complain(answer.error().text);
  if (answer->status >= 300) return complain(message_of(*answer));
  std::fwrite(answer->body.data(), 1, answer->body.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
  for (const auto& [name, value] : answer->headers)
    if (wire::equals_ignoring_case(name, "X-Amz-Function-Error")) return 1;
  return 0;
}

}  // namespace

int invoke_once(EmulatorOptions options, const InvokeOptions& asked) {
  std::error_code problem;
  const fs::path file = fs::canonical(asked.file, problem);
  if (problem || !fs::is_regular_file(file, problem))
    return complain(fmt::format("there is no file {}", asked.file));
  std::string unreadable;
  std::optional<std::string> event = read_event(asked.event, unreadable);
  if (!event) return complain(unreadable);
  for (const std::string& pair : asked.env)
    if (pair.find('=') == 0 || pair.find('=') == std::string::npos)
      return complain(fmt::format("--env is NAME=value, not '{}'", pair));

  HandlerGuess guess = guess_handler(file, !asked.handler.empty());
  if (!guess.problem.empty() && asked.runtime.empty()) return complain(guess.problem);
  if (!guess.problem.empty() && asked.handler.empty()) return complain(guess.problem);
  std::string runtime = asked.runtime;
  if (runtime.empty()) {
    if (guess.family.empty()) return complain(fmt::format("--runtime has to say what runs {}", asked.file));
    host::HostRuntimeCatalog catalog(catalog_options(options));
    const auto exact = [&catalog](std::string_view candidate) {
      const auto command = catalog.find(candidate);
      return command && command->exact;
    };
    runtime = best_runtime(guess.family, exact);
  }

  Json function = function_of(asked, guess, runtime);
  std::optional<BootstrapFolder> renamed;
  if (guess.packed) {
    std::ifstream package(file, std::ios::binary);
    function["Code"] = {{"ZipFile", base64_encode(all_of(package))}};
  } else {
    fs::path folder = asked.folder.empty() ? guess.folder : fs::canonical(asked.folder, problem);
    if (problem) return complain(fmt::format("there is no folder {}", asked.folder));
    if (runtime.starts_with("provided") && file.filename() != "bootstrap" && asked.folder.empty())
      folder = renamed.emplace(file).path();
    options.hot_reload_root = {folder.string()};
    function["Code"] = {{"S3Bucket", "hot-reload"}, {"S3Key", folder.string()}};
    const host::LiveFolderOptions shown = live_folder_options(options);
    const fs::perms others = fs::status(folder, problem).permissions();
    constexpr fs::perms readable = fs::perms::others_read | fs::perms::others_exec;
    if (shown.foreign_user && (others & readable) != readable) {
      // Whom the function runs as cannot enter the folder itself: it gets a copy.
      std::string unpackable;
      const std::string copy = host::zip_folder(folder, CodeLimits{}, unpackable);
      if (!unpackable.empty()) return complain(unpackable);
      function["Code"] = {{"ZipFile", base64_encode(copy)}};
    }
    if (!asked.folder.empty() && asked.handler.empty()) {
      fs::path module = file.lexically_relative(folder);
      if (module.empty() || *module.begin() == "..")
        return complain(fmt::format("{} is not below {}", asked.file, asked.folder));
      module.replace_extension();
      function["Handler"] = module.string() + guess.handler.substr(guess.handler.rfind('.'));
    }
  }
  options.port = 0;
  options.address = "127.0.0.1";
  options.data_dir.clear();
  options.access_key.clear();
  options.enforce_iam = false;
  options.clock = "real";
  options.spare_runtimes = 0;
  options.log_functions = true;
  options.plain_function_logs = true;
  if (options.log_level == "info") options.log_level = "warn";
  return run_once(std::move(options), std::move(function), std::move(*event), asked.timeout);
}

}  // namespace aviary::app
