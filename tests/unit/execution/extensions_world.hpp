#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "world.hpp"

namespace aviary::testing {

inline std::string header_of(const wire::Response& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (wire::equals_ignoring_case(key, name)) return value;
  return {};
}

/// What extensions were told and answered, in order.
struct Seen {
  std::vector<std::string> events;
  std::vector<wire::Response> answers;
};

inline Task<std::string> enrol(std::shared_ptr<FakeProcess> process, std::string name, std::string events) {
  Headers headers{{"Lambda-Extension-Name", std::move(name)}};
  auto calling = process->call("POST", "/2020-01-01/extension/register", "{\"events\":" + events + "}",
                               std::move(headers));
  const wire::Response answer = co_await std::move(calling);
  co_return header_of(answer, "Lambda-Extension-Identifier");
}

inline Task<wire::Response> call_as(std::shared_ptr<FakeProcess> process, std::string id, std::string method,
                                    std::string target, std::string body = {}) {
  Headers headers{{"Lambda-Extension-Identifier", std::move(id)},
                  {"Lambda-Extension-Function-Error-Type", "Own.Type"}};
  return process->call(std::move(method), std::move(target), std::move(body), std::move(headers));
}

inline Task<OrderedJson> next_event(std::shared_ptr<FakeProcess> process, std::string id) {
  auto calling = call_as(process, std::move(id), "GET", "/2020-01-01/extension/event/next");
  const wire::Response answer = co_await std::move(calling);
  co_return OrderedJson::parse(answer.body, nullptr, false);
}

/// How an extension behaves.
struct Manners {
  std::string name = "ext";
  std::string events = R"(["INVOKE","SHUTDOWN"])";
  std::chrono::nanoseconds before_registering{};
  std::chrono::nanoseconds after_registering{};  ///< its init
  std::chrono::nanoseconds work{};               ///< with every INVOKE
  std::chrono::nanoseconds last_work{};          ///< with SHUTDOWN
  std::string subscription{};                    ///< body of a Telemetry API call
  std::string subscription_path = "/2022-07-01/telemetry";
};

/// Takes part as extensions do: registers, works on every event, exits after SHUTDOWN.
inline Task<> extension(Manners how, std::shared_ptr<Seen> seen, std::shared_ptr<FakeProcess> process) {
  auto waiting = process->sleep(how.before_registering);
  if (how.before_registering.count() > 0) co_await std::move(waiting);
  auto enrolling = enrol(process, how.name, how.events);
  const std::string id = co_await std::move(enrolling);
  if (!how.subscription.empty()) {
    auto subscribing = call_as(process, id, "PUT", how.subscription_path, how.subscription);
    seen->answers.push_back(co_await std::move(subscribing));
  }
  if (how.after_registering.count() > 0) {
    auto starting = process->sleep(how.after_registering);
    co_await std::move(starting);
  }
  for (;;) {
    auto asking = next_event(process, id);
    const OrderedJson event = co_await std::move(asking);
    seen->events.push_back(event.dump());
    const bool last = event.value("eventType", "") == "SHUTDOWN";
    const auto work = last ? how.last_work : how.work;
    if (work.count() > 0) {
      auto working = process->sleep(work);
      co_await std::move(working);
    }
    if (last) co_return;
  }
}

/// A world in which functions have layers.
class ExtensionWorld : public World {
 public:
  using World::World;
  lambda::VersionHandle layered() {
    auto made = std::make_shared<lambda::Version>(*version());
    made->layers.push_back(std::make_shared<CodeBlob>(CodeBlob{"layer", 1, 1}));
    return made;
  }
  std::shared_ptr<Seen> add(Manners how) {
    auto seen = std::make_shared<Seen>();
    host.extensions[how.name] = [how, seen](std::shared_ptr<FakeProcess> process) {
      return extension(how, seen, std::move(process));
    };
    return seen;
  }
  /// Ends all environments, as idle ones end, and lets it take its time.
  void end_all() {
    auto ending = [](execution::Runner& of) -> Task<> {
      auto resetting = of.reset();
      co_await std::move(resetting);
    };
    tasks.spawn("reset", ending(*runner));
    pass(3s);
  }
};

}  // namespace aviary::testing
