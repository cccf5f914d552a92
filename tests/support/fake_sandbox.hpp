#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "execution/runtime_endpoints.hpp"
#include "ports/clock.hpp"
#include "ports/code_store.hpp"
#include "ports/one_shot.hpp"
#include "ports/sandbox.hpp"
#include "ports/task_group.hpp"

/// Function code without processes: a sandbox whose "process" is a coroutine that talks to the Runtime API
/// directly, on simulated time. What a program does is up to the test.
namespace aviary::testing {

/// Thrown inside a program when its process was killed; never leaves the sandbox.
struct ProcessKilled {};

/// An event as a program receives it.
struct FakeEvent {
  wire::Response answer;
  std::string request_id;
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : answer.headers)
      if (wire::equals_ignoring_case(key, name)) return value;
    return {};
  }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The process as its program sees it. Every call throws `ProcessKilled` once the process was killed.
class FakeProcess : public std::enable_shared_from_this<FakeProcess> {
 public:
  FakeProcess(boost::asio::any_io_executor executor, Stopwatch& stopwatch, execution::RuntimeHandler handler,
              ProcessSpec process_spec, ProcessEvents events)
      : spec(std::move(process_spec)),
        executor_(std::move(executor)),
        stopwatch_(stopwatch),
        handler_(std::move(handler)),
        events_(std::move(events)) {}

  const ProcessSpec spec;
  /// What survives the process: the sandbox's /tmp.
  std::shared_ptr<std::map<std::string, std::string>> tmp;

  std::string variable(std::string_view name) const {
    for (const auto& [key, value] : spec.environment)
      if (key == name) return value;
    return {};
  }

  Task<wire::Response> call(std::string method, std::string target, std::string body = {},
                            Headers headers = {}) {
    const auto self = shared_from_this();
    check();
    if (!handler_) throw ProcessKilled{};  // nobody listens there any more
    wire::Request request;
    request.method = method;
    request.target = target;
    for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
    const Headers sent_trailers = std::exchange(trailers, {});
    for (const auto& [name, value] : sent_trailers) request.trailers.emplace_back(name, value);
    request.body = std::move(body);
    request.peer_port = port;
    request.connection = connection;
    auto answering = handler_(std::move(request));
    wire::Response answer = co_await std::move(answering);
    check();
    co_return answer;
  }
  /// Those of the next call.
  Headers trailers{};

  Task<FakeEvent> next() {
    auto calling = call("GET", "/2018-06-01/runtime/invocation/next");
    FakeEvent event;
    event.answer = co_await std::move(calling);
    event.request_id = event.header("Lambda-Runtime-Aws-Request-Id");
    co_return event;
  }
  Task<wire::Response> respond(std::string request_id, std::string body, Headers headers = {}) {
    return call("POST", "/2018-06-01/runtime/invocation/" + request_id + "/response", std::move(body),
                std::move(headers));
  }
  Task<wire::Response> fail(std::string request_id, std::string body, Headers headers = {}) {
    return call("POST", "/2018-06-01/runtime/invocation/" + request_id + "/error", std::move(body),
                std::move(headers));
  }
  Task<wire::Response> fail_init(std::string body, std::string type) {
    Headers headers{{"Lambda-Runtime-Function-Error-Type", std::move(type)}};
    return call("POST", "/2018-06-01/runtime/init/error", std::move(body), std::move(headers));
  }
  Task<> sleep(std::chrono::nanoseconds delay) {
    const auto self = shared_from_this();
    check();
    wake_ = OneShot<bool>();
    const TimerId timer = stopwatch_.call_after(delay, [wake = wake_] { wake.set(true); });
    const OneShot<bool> wake = wake_;
    co_await wake.wait();
    stopwatch_.cancel(timer);
    check();
  }
  void print(std::string_view text) {
    if (alive_) events_.output(text);
  }
  /// The program should return right after.
  void exit(int code) { leave(ExitStatus{code}); }
  void crash(int signal, bool out_of_memory = false) { leave(ExitStatus{0, signal, out_of_memory}); }

  bool alive() const noexcept { return alive_; }
  /// From outside: SIGKILL. The exit is told from the loop.
  void kill() {
    if (!alive_) return;
    alive_ = false;
    wake_.set(true);
    boost::asio::post(executor_, [self = shared_from_this()] { self->tell(ExitStatus{0, SIGKILL}); });
  }
  /// The sandbox goes: nothing more is told.
  void forget() {
    alive_ = false;
    told_ = true;
    wake_.set(true);
  }
  void leave(ExitStatus status) {
    if (!std::exchange(alive_, false)) return;
    boost::asio::post(executor_, [self = shared_from_this(), status] { self->tell(status); });
  }

  std::uint16_t port = 40000;
  std::uint64_t connection = 0;

 private:
  void check() const {
    if (!alive_) throw ProcessKilled{};
  }
  void tell(ExitStatus status) {
    if (!std::exchange(told_, true)) events_.exited(status);
  }

  boost::asio::any_io_executor executor_;
  Stopwatch& stopwatch_;
  execution::RuntimeHandler handler_;
  ProcessEvents events_;
  OneShot<bool> wake_;
  bool alive_ = true;
  bool told_ = false;
};

/// What a process does; returning ends it with status 0.
using Program = std::function<Task<>(std::shared_ptr<FakeProcess>)>;

class FakeEndpoints final : public execution::RuntimeEndpoints {
 public:
  std::unique_ptr<execution::RuntimeListener> open(execution::RuntimeHandler handler,
                                                   execution::RuntimeReceiver receiver,
                                                   std::string& problem) override {
    if (!refuse.empty()) {
      problem = refuse;
      return nullptr;
    }
    const std::string address = "127.0.0.1:" + std::to_string(next_port_++);
    handlers[address] = std::move(handler);
    receivers[address] = std::move(receiver);
    return std::make_unique<Listener>(*this, address);
  }
  std::map<std::string, execution::RuntimeHandler> handlers;
  std::map<std::string, execution::RuntimeReceiver> receivers;
  std::string refuse;
  std::set<std::uint64_t> gone;  ///< connections that have ended

  Task<bool> deliver(execution::TelemetryDestination to, std::string batch) override {
    ++deliveries;
    if (refuse_deliveries) co_return false;
    batches.emplace_back(to.port, std::move(batch));
    co_return true;
  }
  std::vector<std::pair<std::uint16_t, std::string>> batches;
  int deliveries = 0;  ///< tried
  bool refuse_deliveries = false;

 private:
  class Listener final : public execution::RuntimeListener {
   public:
    Listener(FakeEndpoints& of, std::string address) : of_(of), address_(std::move(address)) {}
    ~Listener() override { of_.handlers.erase(address_); }
    std::string address() const override { return address_; }
    bool connected(std::uint64_t connection) const override { return !of_.gone.contains(connection); }

   private:
    FakeEndpoints& of_;
    std::string address_;
  };
  int next_port_ = 9001;
};

/// Counts what lives, so that a test can see that nothing leaks.
struct FakeHost {
  FakeHost(boost::asio::any_io_executor loop, Stopwatch& watch)
      : executor(std::move(loop)), stopwatch(watch), tasks(executor) {}

  boost::asio::any_io_executor executor;
  Stopwatch& stopwatch;
  TaskGroup tasks;
  FakeEndpoints endpoints;
  Program program;
  std::map<std::string, Program> extensions;  ///< what lies in /opt/extensions, where there are layers
  std::vector<std::shared_ptr<FakeProcess>> extension_processes;
  std::optional<LaunchProblem> refuse_sandbox;
  /// By the first word of the command; those that are not there start.
  std::map<std::string, LaunchProblem> refuse_exec;
  std::optional<LaunchProblem> refuse_once;  ///< the next start only
  std::chrono::nanoseconds start_delay{};    ///< before the process is there
  std::chrono::nanoseconds word_delay{};     ///< between its first step and the return of `start`
  std::uint64_t peak_memory = 36ULL << 20;
  bool foreign_connections = false;

  int sandboxes = 0;  ///< alive
  int sandboxes_made = 0;
  int processes_started = 0;
  int starting = 0;
  int most_starting = 0;  ///< processes that had not asked for an event yet, at once
  int ownership_checks = 0;
  int freezes = 0;
  int thaws = 0;
  std::vector<SandboxSpec> specs;
  std::vector<std::shared_ptr<FakeProcess>> processes;
};

class FakeSandbox final : public Sandbox {
 public:
  explicit FakeSandbox(FakeHost& host) : host_(host) { ++host_.sandboxes; }
  ~FakeSandbox() override {
    --host_.sandboxes;
    *here_ = false;
    if (process_) process_->forget();
    for (const auto& beside : beside_) beside->forget();
  }

  std::vector<std::string> extensions() const override {
    std::vector<std::string> names;
    for (const auto& [name, program] : host_.extensions) names.push_back(name);
    return names;
  }
  std::string local_address() const override { return "127.77.0.1"; }
  Task<boost::system::result<void, LaunchProblem>> start_beside(ProcessSpec spec,
                                                                ProcessEvents events) override {
    const auto refused = host_.refuse_exec.find(spec.argv.front());
    if (refused != host_.refuse_exec.end()) co_return refused->second;
    const std::string name = spec.argv.front().substr(spec.argv.front().rfind('/') + 1);
    std::string address;
    for (const auto& [key, value] : spec.environment)
      if (key == "AWS_LAMBDA_RUNTIME_API") address = value;
    const auto handler = host_.endpoints.handlers.find(address);
    auto process =
        std::make_shared<FakeProcess>(host_.executor, host_.stopwatch,
                                      handler == host_.endpoints.handlers.end() ? nullptr : handler->second,
                                      std::move(spec), std::move(events));
    process->tmp = tmp_;
    beside_.push_back(process);
    host_.extension_processes.push_back(process);
    told_ = true;
    host_.tasks.spawn("fake extension", live(host_.extensions.at(name), process));
    co_return boost::system::result<void, LaunchProblem>{};
  }

  Task<boost::system::result<void, LaunchProblem>> start(ProcessSpec spec, ProcessEvents events) override {
    if (host_.start_delay.count() > 0) co_await sleep_for(host_.stopwatch, host_.start_delay);
    if (host_.refuse_once) {
      const LaunchProblem once = *host_.refuse_once;
      host_.refuse_once.reset();
      co_return once;
    }
    const auto refused = host_.refuse_exec.find(spec.argv.front());
    if (refused != host_.refuse_exec.end()) co_return refused->second;
    std::string address;
    for (const auto& [name, value] : spec.environment)
      if (name == "AWS_LAMBDA_RUNTIME_API") address = value;
    const auto handler = host_.endpoints.handlers.find(address);
    process_ =
        std::make_shared<FakeProcess>(host_.executor, host_.stopwatch,
                                      handler == host_.endpoints.handlers.end() ? nullptr : handler->second,
                                      std::move(spec), std::move(events));
    process_->tmp = tmp_;
    ++host_.processes_started;
    process_->port = static_cast<std::uint16_t>(40000 + host_.processes_started % 20000);
    process_->connection = static_cast<std::uint64_t>(host_.processes_started);
    host_.processes.push_back(process_);
    told_ = host_.word_delay.count() == 0;
    host_.tasks.spawn("fake process", live(host_.program, process_));
    if (!told_) {
      FakeHost& host = host_;
      std::shared_ptr<bool> here = here_;
      co_await sleep_for(host.stopwatch, host.word_delay);
      if (*here) told_ = true;
    }
    co_return boost::system::result<void, LaunchProblem>{};
  }
  void freeze() override { ++host_.freezes; }
  void thaw() override { ++host_.thaws; }
  void terminate() override { kill_first(); }
  void kill_first() override {
    if (process_) process_->kill();
  }
  void kill() override {
    kill_first();
    for (const auto& beside : beside_) beside->kill();
  }
  void collect_output() override {}
  std::uint64_t peak_memory_bytes() override { return host_.peak_memory; }
  std::optional<int> pid() const override {
    if (!process_ || !process_->alive()) return std::nullopt;
    return 4242;
  }
  bool owns_connection(std::uint16_t, std::uint16_t) override {
    ++host_.ownership_checks;
    return told_ && !host_.foreign_connections;
  }

 private:
  static Task<> live(Program program, std::shared_ptr<FakeProcess> process) {
    try {
      auto running = program(process);
      co_await std::move(running);
    } catch (const ProcessKilled&) {
    }
    process->exit(0);
  }

  FakeHost& host_;
  std::shared_ptr<FakeProcess> process_;
  std::vector<std::shared_ptr<FakeProcess>> beside_;
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);
  bool told_ = false;
  std::shared_ptr<std::map<std::string, std::string>> tmp_ =
      std::make_shared<std::map<std::string, std::string>>();
};

class FakeLauncher final : public SandboxLauncher {
 public:
  explicit FakeLauncher(FakeHost& host) : host_(host) {}
  Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> create(SandboxSpec spec) override {
    if (host_.refuse_sandbox) co_return *host_.refuse_sandbox;
    ++host_.sandboxes_made;
    host_.specs.push_back(std::move(spec));
    std::unique_ptr<Sandbox> sandbox = std::make_unique<FakeSandbox>(host_);
    co_return sandbox;
  }

 private:
  FakeHost& host_;
};

class FakeCatalog final : public RuntimeCatalog {
 public:
  std::optional<RuntimeCommand> find(std::string_view runtime) override {
    const auto found = commands.find(std::string(runtime));
    if (found == commands.end()) return std::nullopt;
    return found->second;
  }
  std::string install_hint(std::string_view runtime) override {
    return "Install " + std::string(runtime) + ".";
  }
  std::map<std::string, RuntimeCommand> commands;
};

/// Hands out folders that nobody opens.
class FakeCodeStore final : public CodeStore {
 public:
  Task<Result<CodeHandle>> store(std::string zip) override {
    CodeHandle handle = std::make_shared<CodeBlob>(CodeBlob{"digest-" + zip, zip.size(), zip.size()});
    co_return handle;
  }
  CodeHandle open(std::string_view) override { return nullptr; }
  Task<Result<std::filesystem::path>> unpacked(CodeHandle code) override {
    if (problem) co_return *problem;
    ++unpackings;
    std::filesystem::path path = "/fake/" + (code ? code->digest : std::string("none"));
    co_return path;
  }
  Task<Result<std::string>> bytes(CodeHandle) override { co_return std::string{}; }
  Task<> collect() override { co_return; }
  std::optional<CodeProblem> problem;
  int unpackings = 0;
};

}  // namespace aviary::testing
