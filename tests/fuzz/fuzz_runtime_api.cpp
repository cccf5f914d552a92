// Arbitrary programs at the Runtime API. The bytes are what the processes of one function do, one after the
// other: which calls, in which order, with which ids, headers and bodies, when they sleep, print, exit or
// crash; processes that come after the last byte exit at once. Whatever they do: no crash, every invocation
// is answered exactly once within the function's limits, and no sandbox is left.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "unit/execution/world.hpp"

namespace {

using namespace aviary;
using namespace aviary::testing;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What is left of the input, read by all processes of a run.
class Script {
 public:
  explicit Script(std::string_view bytes) : rest_(bytes) {}

  bool ended() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string text() {
    const std::size_t wanted = byte();
    std::string taken(rest_.substr(0, wanted));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  template <class T, std::size_t N>
  const T& one_of(const T (&choices)[N]) {
    return choices[byte() % N];
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"};
constexpr std::string_view targets[] = {"/2018-06-01/runtime/invocation/next",
                                        "/2018-06-01/runtime/init/error",
                                        "/2018-06-01/ping",
                                        "/2018-06-01/runtime/invocation/",
                                        "/2018-06-01/runtime/invocation//response",
                                        "/2018-06-01/runtime/restore/next",
                                        "/2018-06-01/runtime/restore/error",
                                        "/2020-01-01/extension/register",
                                        "/2020-01-01/extension/event/next",
                                        "/"};
constexpr std::string_view header_names[] = {
    "Lambda-Runtime-Function-Error-Type",    "Lambda-Runtime-Function-XRay-Error-Cause",
    "Lambda-Runtime-Function-Response-Mode", "Content-Type",
    "Lambda-Runtime-Function-Error-Body",    "Lambda-Extension-Name"};

Headers some_headers(Script& script) {
  Headers headers;
  for (int i = script.byte() % 3; i > 0; --i) {
    std::string name(script.one_of(header_names));
    headers.emplace_back(std::move(name), script.text());
  }
  return headers;
}

Task<> act(Script& script, std::shared_ptr<FakeProcess> process) {
  std::string current = "none";  // the id that this process was given last
  while (!script.ended()) {
    const std::uint8_t what = script.byte();
    switch (what % 10) {
      case 0: {
        auto asking = process->next();
        const FakeEvent event = co_await std::move(asking);
        if (!event.request_id.empty()) current = event.request_id;
        break;
      }
      case 1: {
        std::string body = script.text();
        auto answering = process->respond(current, std::move(body));
        co_await std::move(answering);
        break;
      }
      case 2: {
        Headers headers = some_headers(script);
        std::string body = script.text();
        auto failing = process->fail(current, std::move(body), std::move(headers));
        co_await std::move(failing);
        break;
      }
      case 3: {
        std::string type = script.text();
        std::string body = script.text();
        auto failing = process->fail_init(std::move(body), std::move(type));
        co_await std::move(failing);
        break;
      }
      case 4: {
        std::string method(script.one_of(methods));
        std::string target(script.one_of(targets));
        target += script.text();
        Headers headers = some_headers(script);
        std::string body = script.text();
        auto calling =
            process->call(std::move(method), std::move(target), std::move(body), std::move(headers));
        co_await std::move(calling);
        break;
      }
      case 5: {
        Headers headers = some_headers(script);
        process->trailers = some_headers(script);
        std::string body = script.text();
        auto answering = process->respond(current, std::move(body), std::move(headers));
        co_await std::move(answering);
        break;
      }
      case 6: {
        auto sleeping = process->sleep(std::chrono::milliseconds(script.byte() * 20));
        co_await std::move(sleeping);
        break;
      }
      case 7:
        process->print(script.text());
        break;
      case 8: {
        std::string id = script.text();
        auto answering = process->respond(std::move(id), "{}");
        co_await std::move(answering);
        break;
      }
      default:
        if ((what & 1) != 0)
          process->exit(script.byte());
        else
          process->crash(1 + script.byte() % 31, (what & 2) != 0);
        co_return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Script script({reinterpret_cast<const char*>(data) + 1, size - 1});
  World world;
  world.host.program = [&script](std::shared_ptr<FakeProcess> process) {
    return act(script, std::move(process));
  };
  world.configuration.timeout_seconds = 3;
  const auto version = world.version();
  std::vector<World::CallPtr> calls;
  for (int i = 0; i <= data[0] % 4; ++i) {
    calls.push_back(world.invoke(version));
    if ((data[0] & 16) != 0) world.pass(1s);
  }
  // Two inits of ten seconds at most and a time-out of three each, and some more for those that wait for a
  // place.
  for (int second = 0; second < 90; ++second) {
    if (std::ranges::all_of(calls, [](const auto& call) { return call->done(); })) break;
    world.pass(1s);
  }
  for (const auto& call : calls) require(call->answers == 1);

  world.tasks.spawn("reset", world.runner->reset());
  world.settle();
  require(world.host.sandboxes == 0);
  require(world.runner->in_flight() == 0);
  return 0;
}
