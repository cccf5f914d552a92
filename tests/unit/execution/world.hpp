#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "execution/runner.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "support/fake_live_folders.hpp"
#include "support/fake_sandbox.hpp"

namespace aviary::testing {

using namespace std::chrono_literals;

/// Keeps every line, with its environment's stream.
class KeptLog final : public execution::LogSink {
 public:
  void on_line(const execution::EnvironmentIdentity&, Instant, std::string_view line) override {
    text += line;
  }
  std::string text;
};

class KeptRecords final : public execution::InvocationObserver {
 public:
  struct Kept {
    execution::InvocationEnd end;
    std::string error_type;
    std::uint64_t billed_ms;
    bool cold;
  };
  void on_invocation(const execution::InvocationRecord& r) override {
    records.push_back({r.end, std::string(r.error_type), r.billed_ms, r.cold});
  }
  std::vector<Kept> records;
};

/// A runner over fakes, on simulated time.
class World {
 public:
  explicit World(execution::Options options = {}) {
    catalog.commands["python3.13"] = {
        {"/usr/bin/python3.13", "/var/runtime/bootstrap.py"}, "3.13.1", true, {}};
    runner = std::make_unique<execution::Runner>(
        execution::Ports{loop.get_executor(), launcher, catalog, code, clock, stopwatch, random,
                         host.endpoints, &live_folders},
        std::move(options));
    configuration.runtime = "python3.13";
    configuration.handler = "app.handler";
  }
  ~World() {
    bool done = false;
    tasks.spawn("shut down", shut_down(*runner, done));
    settle();
    for (auto& process : host.processes) process->forget();
    settle();
    runner.reset();
  }

  /// Runs the loop until nothing is left to do at this moment.
  void settle() {
    loop.restart();
    loop.poll();
  }
  /// Both times pass, each event at its own moment.
  void pass(std::chrono::nanoseconds time) {
    settle();
    stopwatch.advance(time, [this] { settle(); });
    clock.advance(std::chrono::duration_cast<Duration>(time), [this] { settle(); });
    settle();
  }

  lambda::VersionHandle version(std::string number = "$LATEST") {
    auto made = std::make_shared<lambda::Version>();
    made->serial = next_serial_++;
    made->scope = {"123456789012", "us-east-1"};
    made->function_name = "fun";
    made->number = std::move(number);
    made->configuration = std::make_shared<lambda::Configuration>(configuration);
    made->code = std::make_shared<CodeBlob>(CodeBlob{"code", 1, 1});
    return made;
  }

  struct Call {
    std::optional<Result<lambda::Outcome>> result;
    int answers = 0;
    bool done() const { return result.has_value(); }
    const lambda::Outcome& outcome() const { return result->value(); }
    const std::string& payload() const { return result->value().payload; }
    AwsError error() const { return result->error(); }
  };
  using CallPtr = std::shared_ptr<Call>;

  /// Starts an invocation; its answer appears in what is returned.
  CallPtr invoke(lambda::VersionHandle of, std::string payload = "{}", bool tail = false) {
    lambda::Invocation invocation;
    invocation.request_id = "req-" + std::to_string(++invocations_);
    invocation.invoked_arn = of->function_arn();
    invocation.version = std::move(of);
    invocation.payload = std::move(payload);
    invocation.tail_log = tail;
    return invoke(std::move(invocation));
  }
  CallPtr invoke(lambda::Invocation invocation) {
    auto call = std::make_shared<Call>();
    tasks.spawn("invoke", run(*runner, std::move(invocation), call));
    settle();
    return call;
  }

  /// Asks for a snapshot; what it came to appears in what is returned.
  using SnapshotPtr = std::shared_ptr<std::optional<lambda::SnapshotOutcome>>;
  SnapshotPtr snapshot(lambda::VersionHandle of) {
    auto made = std::make_shared<std::optional<lambda::SnapshotOutcome>>();
    tasks.spawn("snapshot", wait_for(*runner, std::move(of), made));
    settle();
    return made;
  }

  boost::asio::io_context loop;
  SimulatedClock clock;
  SimulatedStopwatch stopwatch;
  SeededRandom random{1, "test"};
  FakeHost host{loop.get_executor(), stopwatch};
  FakeLauncher launcher{host};
  FakeCatalog catalog;
  FakeCodeStore code;
  FakeLiveFolders live_folders;
  lambda::Configuration configuration;
  TaskGroup tasks{loop.get_executor()};
  std::unique_ptr<execution::Runner> runner;

 private:
  static Task<> run(execution::Runner& runner, lambda::Invocation invocation, CallPtr call) {
    auto running = runner.run(std::move(invocation));
    Result<lambda::Outcome> result = co_await std::move(running);
    ++call->answers;
    call->result = std::move(result);
  }
  static Task<> wait_for(execution::Runner& runner, lambda::VersionHandle version, SnapshotPtr made) {
    auto making = runner.snapshot(std::move(version));
    lambda::SnapshotOutcome outcome = co_await std::move(making);
    *made = std::move(outcome);
  }
  static Task<> shut_down(execution::Runner& runner, bool& done) {
    auto ending = runner.shutdown(0ns);
    co_await std::move(ending);
    done = true;
  }
  std::uint64_t next_serial_ = 1;
  int invocations_ = 0;
};

/// Answers each event with itself, forever.
inline Task<> echo(std::shared_ptr<FakeProcess> process) {
  for (;;) {
    auto asking = process->next();
    FakeEvent event = co_await std::move(asking);
    auto answering = process->respond(event.request_id, event.answer.body);
    co_await std::move(answering);
  }
}

}  // namespace aviary::testing
