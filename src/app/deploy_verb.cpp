// `aviary deploy`: a template and the code beside it, onto a running server.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "app/packaging.hpp"
#include "app/remote.hpp"
#include "app/verbs.hpp"

namespace aviary::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds between_looks{50};
constexpr std::chrono::milliseconds between_stamps{100};

int complain(std::string_view what) {
  fmt::print(stderr, "aviary: {}\n", what);
  return 2;
}

/// The template that is meant when none is named.
fs::path usual_template() {
  std::error_code problem;
  for (const char* name : {"template.yaml", "template.yml", "template.json"})
    if (fs::exists(name, problem)) return name;
  return "template.yaml";
}

/// Stacks are named by letters, digits and hyphens, the first a letter.
std::string stack_name_of(const fs::path& file) {
  std::error_code problem;
  // A name of its own: a loop would outlive the path that filename() makes.
  const fs::path folder = fs::absolute(file, problem).lexically_normal().parent_path().filename();
  std::string name;
  for (const char c : folder.native()) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '-';
    if (letter || (other && !name.empty())) name += c;
  }
  return name.empty() ? "app" : name.substr(0, 128);
}

class Deployment {
 public:
  Deployment(std::string endpoint, const DeployOptions& wanted, const std::atomic<bool>& stopping)
      : server_(std::move(endpoint)),
        wanted_(wanted),
        stopping_(stopping),
        file_(wanted.file.empty() ? usual_template() : fs::path(wanted.file)),
        stack_(wanted.stack_name.empty() ? stack_name_of(file_) : wanted.stack_name) {
    for (const auto& [name, value] :
         {std::pair{"account", &wanted_.account}, std::pair{"region", &wanted_.region}})
      if (!value->empty()) scope_ += fmt::format("{}{}={}", scope_.empty() ? "?" : "&", name, *value);
  }

  /// 0: the stack is as it is wished; 1: it has failed; 2: it was not even begun.
  int deploy() {
    Package package = package_template(file_, wanted_.build ? &built_ : nullptr);
    sources_ = package.sources;
    stamp_ = stamp_of_sources(sources_);
    if (!package.problem.empty()) return complain(package.problem);
    Json parameters = Json::object();
    for (const std::string& pair : wanted_.parameters) {
      const std::size_t equals = pair.find('=');
      if (equals == 0 || equals == std::string::npos)
        return complain(fmt::format("--parameter is NAME=value, not '{}'", pair));
      parameters[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    for (Artifact& artifact : package.artifacts) {
      if (!sent_.insert(artifact.key).second) continue;
      const Remote::Answer sent =
          server_.send("PUT", "/_aviary/artifacts/" + path_part(artifact.key) + scope_,
                       std::move(artifact.bytes), "application/octet-stream");
      if (!sent.good()) {
        sent_.erase(artifact.key);
        return complain(sent.problem);
      }
    }
    const std::string place = "/_aviary/stacks/" + path_part(stack_) + scope_;
    const Remote::Answer begun =
        server_.request("POST", place, {{"template", package.document.dump()}, {"parameters", parameters}});
    if (!begun.good()) return complain(begun.problem);
    const std::string operation = begun.body.value("operation", "");
    fmt::print("{}: {}\n", stack_, operation == "none" ? "nothing has changed" : operation);
    return follow(begun.body.value("stack_id", ""), begun.body.value("last_event", ""));
  }

  /// Until something has changed and stays so for a moment; false: it is time to end.
  bool await_change() {
    std::uint64_t seen = stamp_;
    while (!stopping_) {
      server_.pause(between_stamps);
      const std::uint64_t now = stamp_of_sources(sources_);
      if (now != stamp_ && now == seen) return true;
      seen = now;
    }
    return false;
  }

 private:
  /// Shows events as they come, and at the end the outputs.
  int follow(const std::string& stack_id, std::string last_event) {
    while (true) {
      const std::string place = fmt::format("/_aviary/stacks/{}{}{}after={}", path_part(stack_id), scope_,
                                            scope_.empty() ? "?" : "&", path_part(last_event));
      const Remote::Answer told = server_.request("GET", place);
      if (!told.good()) return complain(told.problem);
      const Json& body = told.body;
      for (const Json& event : body["events"]) {
        last_event = event.value("id", "");
        const std::string reason = event.value("reason", "");
        fmt::print("{}  {:<28} {:<36} {}{}{}\n", event.value("time", ""), event.value("status", ""),
                   event.value("type", ""), event.value("logical_id", ""), reason.empty() ? "" : "  ",
                   reason);
      }
      std::fflush(stdout);
      if (body.value("busy", false) && !stopping_) {
        server_.pause(between_looks);
        continue;
      }
      for (const Json& output : body["outputs"])
        fmt::print("{} = {}\n", output.value("key", ""), output.value("value", ""));
      std::fflush(stdout);
      const std::string status = body.value("status", "");
      if (status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE") return 0;
      fmt::print(stderr, "aviary: the stack {} ends in {}{}{}\n", stack_, status,
                 body.value("reason", "").empty() ? "" : ": ", body.value("reason", ""));
      return 1;
    }
  }

  Remote server_;
  DeployOptions wanted_;
  const std::atomic<bool>& stopping_;
  fs::path file_;
  std::string stack_;
  std::string scope_;  ///< of the query; empty: the server's own
  BuiltFolders built_;
  std::set<fs::path> sources_;
  std::uint64_t stamp_ = 0;
  std::set<std::string> sent_;  ///< keys of artifacts that are there
};

}  // namespace

void deploy_to(const std::string& endpoint, const DeployOptions& wanted, const std::atomic<bool>& stopping,
               const std::function<void(int status)>& deployed) {
  Deployment deployment(endpoint, wanted, stopping);
  deployed(deployment.deploy());
  while (wanted.watch && deployment.await_change()) deployment.deploy();
}

int deploy_verb(const ServerVerbs& wanted) {
  const std::atomic<bool> never = false;
  int status = 0;
  // With --watch it ends when it is interrupted.
  deploy_to(wanted.endpoint, wanted.deploy, never, [&status](int first) { status = first; });
  return status;
}

}  // namespace aviary::app
