// Any runtime against the Runtime API. The input is a script, a step a line: what the runtime does (`next`,
// `exit`, `crash`, or a call: `POST /2018-06-01/runtime/invocation/ID/response body`, where ID is the event's
// own) and what happens around it (`invoke payload`, `pass milliseconds`). Whatever comes: every invocation
// is answered exactly once, and nothing is left when the server ends.
#include <cstdlib>
#include <string_view>

#include "unit/execution/world.hpp"

namespace {

using namespace aviary;
using namespace aviary::testing;

constexpr std::size_t most_steps = 200;

struct Script {
  std::vector<std::string> steps;
  std::size_t at = 0;
};

std::vector<std::string> steps_of(std::string_view text) {
  std::vector<std::string> steps;
  while (!text.empty() && steps.size() < most_steps) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    steps.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return steps;
}

std::string with_id(std::string text, const std::string& id) {
  if (const std::size_t at = text.find("ID"); at != std::string::npos) text.replace(at, 2, id);
  return text;
}

/// Up to the next space.
std::string take_word(std::string& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  std::string word = line.substr(0, end);
  line.erase(0, std::min(end + 1, line.size()));
  return word;
}

/// `Name:value` words before the body.
Headers take_headers(std::string& line) {
  Headers headers;
  while (!line.empty() && line.front() != '{' && headers.size() < 8) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0 || colon > line.find(' ')) break;
    const std::string word = take_word(line);
    headers.emplace_back(word.substr(0, colon), word.substr(std::min(colon + 1, word.size())));
  }
  return headers;
}

Task<> play(std::shared_ptr<Script> script, std::shared_ptr<FakeProcess> process) {
  std::string id = "none";
  while (script->at < script->steps.size()) {
    std::string line = script->steps[script->at++];
    if (line == "exit") {
      process->exit(1);
      co_return;
    }
    if (line == "crash") {
      process->crash(11);
      co_return;
    }
    if (line == "next") {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      if (!event.request_id.empty()) id = event.request_id;
      continue;
    }
    if (line.starts_with("print ")) {
      process->print(line.substr(6));
      continue;
    }
    std::string method = take_word(line);
    std::string target = with_id(take_word(line), id);
    Headers headers = take_headers(line);
    auto calling = process->call(std::move(method), std::move(target), std::move(line), std::move(headers));
    const wire::Response answer = co_await std::move(calling);
    if (answer.status < 200 || answer.status > 599) std::abort();
  }
  // What is left over behaves, so that every invocation can come to its end.
  auto rest = echo(process);
  co_await std::move(rest);
}

bool belongs_to_world(std::string_view step) {
  return step.starts_with("invoke ") || step.starts_with("pass ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = steps_of({reinterpret_cast<const char*>(data), size});
  auto script = std::make_shared<Script>();
  for (const std::string& step : all)
    if (!belongs_to_world(step)) script->steps.push_back(step);

  std::vector<World::CallPtr> calls;
  {
    World world;
    world.host.program = [script](std::shared_ptr<FakeProcess> process) { return play(script, process); };
    const auto version = world.version();
    calls.push_back(world.invoke(version));
    for (const std::string& step : all) {
      if (step.starts_with("invoke ")) calls.push_back(world.invoke(version, step.substr(7), true));
      if (step.starts_with("pass "))
        world.pass(std::chrono::milliseconds(std::atoi(step.c_str() + 5) % 5000));
    }
    // Longer than any deadline: initialising twice, then the function's own time-out.
    for (int i = 0; i < 20; ++i) world.pass(std::chrono::seconds(10));
    for (const auto& call : calls)
      if (call->answers != 1) std::abort();
  }
  return 0;
}
