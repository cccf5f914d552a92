#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "execution/runner.hpp"
#include "gateway/gateway.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "support/fake_sandbox.hpp"
#include "support/memory_code_store.hpp"

/// The whole emulator on simulated ports: everything between the HTTP session and the runtime process is the
/// real thing. One seed decides all of it, so a seed gives the same trace each time.
namespace aviary::simulation {

/// Packages in memory whose unpacked folder is only a name.
class NamedCodeStore final : public CodeStore {
 public:
  Task<Result<CodeHandle>> store(std::string zip) override { return packages_.store(std::move(zip)); }
  CodeHandle open(std::string_view digest) override { return packages_.open(digest); }
  Task<Result<std::filesystem::path>> unpacked(CodeHandle code) override {
    std::filesystem::path path = "/code/" + code->digest;
    co_return path;
  }
  Task<Result<std::string>> bytes(CodeHandle code) override { return packages_.bytes(std::move(code)); }
  Task<> collect() override { return packages_.collect(); }

 private:
  testing::MemoryCodeStore packages_;
};

struct Answer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  ///< lower-case names
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  /// Sends a request; the answer comes at some later moment, exactly once (a second time throws).
  using Then = std::function<void(Answer)>;
  void send(std::string method, std::string target, std::string body, Then then);
  /// Sends and runs the world until the answer is there.
  Answer ask(std::string method, std::string target, const Json& body = nullptr);

  /// Runs all that is ready.
  void settle();
  /// Lets simulated real and emulated time pass together, stopping at every timer.
  void pass(std::chrono::nanoseconds time);
  void shut_down();

  boost::asio::io_context loop;
  SimulatedClock clock;
  SimulatedStopwatch stopwatch;
  SeededRandom chance;  ///< the test's own, and the fake programs'
  testing::FakeHost host;
  std::string trace;  ///< one line an event

 private:
  Task<> program(std::shared_ptr<testing::FakeProcess> process);
  Task<> deliver(std::shared_ptr<struct Sent> sent);

  SeededRandom ids_;
  SeededRandom lambda_ids_;
  SeededRandom router_;
  SeededRandom execution_ids_;
  NoJournal journal_;
  NamedCodeStore codes_;
  testing::FakeLauncher launcher_;
  testing::FakeCatalog catalog_;
  TaskGroup requests_;
  execution::Runner runner_;
  lambda::LambdaService lambda_;
  Gateway gateway_;
  std::deque<std::shared_ptr<struct Sent>> sent_;
};

}  // namespace aviary::simulation
