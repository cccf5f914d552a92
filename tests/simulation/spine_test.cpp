// Create, publish, alias, invoke and delete under random interleavings and faults. What must hold whatever
// happens: a version never changes, every invoke is answered exactly once, the split stays within its bound,
// no environment leaks.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/encoding.hpp"
#include "simulation/world.hpp"

namespace aviary::simulation {
namespace {

constexpr std::string_view functions_path = "/2015-03-31/functions";

struct AliasModel {
  std::string primary;
  std::string additional;
  double weight = 0;
};

struct FunctionModel {
  bool exists = false;
  int generation = 0;
  std::string latest_mark{};
  std::string published_mark{};                ///< of the newest version
  std::map<std::string, std::string> marks{};  ///< by version number
  int last_number = 0;
  std::map<std::string, AliasModel> aliases{};
};

class Story {
 public:
  explicit Story(std::uint64_t seed) : world(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) act();
    world.pass(std::chrono::minutes(20));
    EXPECT_EQ(answered_, sent_) << "every invoke is answered, and once";
    EXPECT_EQ(world.host.sandboxes, 0) << "idle environments end";
    world.shut_down();
    EXPECT_EQ(world.host.sandboxes, 0);
    EXPECT_TRUE(world.host.endpoints.handlers.empty()) << "no listener stays";
  }

  World world;
  int invoked() const { return sent_; }
  int succeeded() const { return succeeded_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return world.chance.next() % bound; }
  std::string path(const std::string& name) const { return fmt::format("{}/{}", functions_path, name); }

  void act() {
    const std::string name = fmt::format("f{}", below(3));
    FunctionModel& function = functions_[name];
    switch (below(12)) {
      case 0:
        return create(name, function);
      case 1:
        return update(name, function);
      case 2:
      case 3:
        return publish(name, function);
      case 4:
        return put_alias(name, function);
      case 5:
        return below(6) == 0 ? remove(name, function) : publish(name, function);
      case 6:
        return remove_version(name, function);
      case 7:
        world.pass(std::chrono::milliseconds(below(3000)));
        return;
      default:
        return invoke(name, function);
    }
  }

  void create(const std::string& name, FunctionModel& function) {
    const std::string mark = fmt::format("m{}", ++marks_);
    const Answer answer = world.ask("POST", std::string(functions_path),
                                    {{"FunctionName", name},
                                     {"Role", "arn:aws:iam::123456789012:role/r"},
                                     {"Runtime", "python3.12"},
                                     {"Handler", "index.handler"},
                                     {"Timeout", 3},
                                     {"Code", {{"ZipFile", base64_encode("PK" + mark)}}},
                                     {"Environment", {{"Variables", {{"MARK", mark}}}}}});
    EXPECT_EQ(answer.status, function.exists ? 409 : 201) << answer.body;
    if (function.exists) return;
    function = FunctionModel{.exists = true, .generation = function.generation + 1, .latest_mark = mark};
  }

  void update(const std::string& name, FunctionModel& function) {
    const std::string mark = fmt::format("m{}", ++marks_);
    const Answer answer =
        world.ask("PUT", path(name) + "/configuration", {{"Environment", {{"Variables", {{"MARK", mark}}}}}});
    EXPECT_EQ(answer.status, function.exists ? 200 : 404) << answer.body;
    if (function.exists) function.latest_mark = mark;
  }

  void publish(const std::string& name, FunctionModel& function) {
    const Answer answer = world.ask("POST", path(name) + "/versions", Json::object());
    if (!function.exists) {
      EXPECT_EQ(answer.status, 404);
      return;
    }
    ASSERT_EQ(answer.status, 201) << answer.body;
    const std::string number = Json::parse(answer.body).at("Version");
    if (function.marks.contains(std::to_string(function.last_number)) &&
        function.published_mark == function.latest_mark) {
      EXPECT_EQ(number, std::to_string(function.last_number)) << "nothing changed: the version that is there";
      return;
    }
    EXPECT_GT(std::stoi(number), function.last_number) << "numbers only grow";
    function.last_number = std::stoi(number);
    function.published_mark = function.latest_mark;
    function.marks[number] = function.latest_mark;
  }

  std::string any_version(const FunctionModel& function) {
    auto it = function.marks.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(function.marks.size())));
    return it->first;
  }

  void put_alias(const std::string& name, FunctionModel& function) {
    if (function.marks.empty()) return;
    const std::string alias = fmt::format("a{}", below(2));
    AliasModel wanted{.primary = any_version(function),
                      .additional = any_version(function),
                      .weight = static_cast<double>(below(11)) / 10};
    Json body{{"FunctionVersion", wanted.primary}};
    if (wanted.additional != wanted.primary) {
      body["RoutingConfig"]["AdditionalVersionWeights"][wanted.additional] = wanted.weight;
    } else {
      wanted.additional.clear();
    }
    const bool there = function.aliases.contains(alias);
    if (!there) body["Name"] = alias;
    const Answer answer =
        world.ask(there ? "PUT" : "POST", path(name) + "/aliases" + (there ? "/" + alias : ""), body);
    ASSERT_EQ(answer.status, there ? 200 : 201) << answer.body;
    function.aliases[alias] = wanted;
  }

  void remove(const std::string& name, FunctionModel& function) {
    const Answer answer = world.ask("DELETE", path(name));
    EXPECT_EQ(answer.status, function.exists ? 204 : 404) << answer.body;
    function = FunctionModel{.generation = function.generation + 1};
  }

  void remove_version(const std::string& name, FunctionModel& function) {
    if (function.marks.empty()) return;
    const std::string number = any_version(function);
    bool named = false;
    for (const auto& [alias, model] : function.aliases)
      named = named || model.primary == number || model.additional == number;
    const Answer answer = world.ask("DELETE", path(name) + "?Qualifier=" + number);
    EXPECT_EQ(answer.status, named ? 409 : 204) << answer.body;
    if (!named) function.marks.erase(number);
  }

  void invoke(const std::string& name, FunctionModel& function) {
    std::string qualifier;
    std::map<std::string, std::string> expected;  // version → mark
    if (!function.aliases.empty() && below(2) == 0) {
      const auto& [alias, model] =
          *std::next(function.aliases.begin(), static_cast<std::ptrdiff_t>(below(function.aliases.size())));
      qualifier = alias;
      if (model.additional.empty() || model.weight < 1)
        expected[model.primary] = function.marks.at(model.primary);
      if (!model.additional.empty() && model.weight > 0)
        expected[model.additional] = function.marks.at(model.additional);
    } else if (!function.marks.empty() && below(2) == 0) {
      qualifier = any_version(function);
      expected[qualifier] = function.marks.at(qualifier);
    } else if (function.exists) {
      expected["$LATEST"] = function.latest_mark;
    }
    ++sent_;
    world.send("POST", path(name) + "/invocations" + (qualifier.empty() ? "" : "?Qualifier=" + qualifier),
               R"({"n":1})", [this, expected, exists = function.exists](const Answer& answer) {
                 ++answered_;
                 if (!exists) {
                   EXPECT_EQ(answer.status, 404);
                   return;
                 }
                 if (answer.status != 200) {
                   EXPECT_TRUE(answer.status == 429 || answer.status == 500) << answer.status << answer.body;
                   return;
                 }
                 const std::string& executed = answer.headers.at("x-amz-executed-version");
                 ASSERT_TRUE(expected.contains(executed)) << executed;
                 if (answer.headers.contains("x-amz-function-error")) return;
                 ++succeeded_;
                 const Json body = Json::parse(answer.body);
                 EXPECT_EQ(body.at("version"), executed) << "what is drawn is what runs";
                 EXPECT_EQ(body.at("mark"), expected.at(executed)) << "a version never changes";
                 EXPECT_EQ(body.at("event"), R"({"n":1})");
               });
  }

  std::map<std::string, FunctionModel> functions_;
  int marks_ = 0;
  int sent_ = 0;
  int answered_ = 0;
  int succeeded_ = 0;
};

TEST(Simulation, TheSpineHoldsUnderAnyInterleavingAndTheSameSeedGivesTheSameTrace) {
  int succeeded = 0;
  for (std::uint64_t seed = 1; seed <= 100 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Story first(seed);
    first.run(250);
    Story second(seed);
    second.run(250);
    EXPECT_EQ(first.world.trace, second.world.trace);
    succeeded += first.succeeded();
  }
  EXPECT_GT(succeeded, 500) << "the story must not be about refusals only";
}

TEST(Simulation, TheSplitStaysWithinItsBound) {
  World world(7);
  world.ask("POST", std::string(functions_path),
            {{"FunctionName", "f"},
             {"Role", "arn:aws:iam::123456789012:role/r"},
             {"Runtime", "python3.12"},
             {"Handler", "i.h"},
             {"Code", {{"ZipFile", base64_encode("PK1")}}},
             {"Publish", true}});
  world.ask("PUT", "/2015-03-31/functions/f/code", {{"ZipFile", base64_encode("PK2")}, {"Publish", true}});
  const Answer alias = world.ask("POST", "/2015-03-31/functions/f/aliases",
                                 {{"Name", "prod"},
                                  {"FunctionVersion", "1"},
                                  {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.1}}}}}});
  ASSERT_EQ(alias.status, 201) << alias.body;
  constexpr int invokes = 4000;
  int second = 0;
  for (int i = 0; i < invokes; ++i) {
    const Answer answer =
        world.ask("POST", "/2015-03-31/functions/f/invocations?Qualifier=prod", Json::object());
    ASSERT_EQ(answer.status, 200) << answer.body;
    if (answer.headers.at("x-amz-executed-version") == "2") ++second;
  }
  // Five standard deviations of a binomial(4000, 0.1).
  EXPECT_NEAR(second, invokes * 0.1, 5 * std::sqrt(invokes * 0.1 * 0.9));
  world.shut_down();
}

}  // namespace
}  // namespace aviary::simulation
