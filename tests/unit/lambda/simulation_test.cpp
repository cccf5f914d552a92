#include <fmt/format.h>

#include <map>
#include <set>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

/// A few functions under random creations, updates, publications, alias moves, invokes, deletions and
/// restarts, held against a model that is too simple to be wrong. What must hold whatever the order: a
/// version never changes; a number is never used again while its function lives; every invoke is answered
/// once, by the version that its answer names and that the alias allows; a version goes exactly when nobody
/// points to it.
class Simulation : public ServiceFixture, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  struct ModelAlias {
    std::string version, additional;
    double weight = 0;
    std::uint64_t invokes = 0, additional_invokes = 0;
  };
  struct ModelFunction {
    std::uint64_t next = 1;
    bool changed = true;  ///< since the last publication
    std::string last;     ///< published, if it was not deleted
    std::map<std::string, Json> versions;
    std::map<std::string, ModelAlias> aliases;
    std::map<std::string, std::uint64_t> serials;  ///< of versions that ran in this process
  };

  std::uint64_t below(std::uint64_t bound) { return chance_.next() % bound; }
  std::string any_version(const ModelFunction& f) {
    // Now and then one that does not exist.
    return std::to_string(1 + below(f.next + 1));
  }
  void note(std::string line) { trace_ += std::move(line) + "\n"; }

  void create(const std::string& name, ModelFunction*& f) {
    const Result<Reply> reply = call("CreateFunction", new_function(name));
    ASSERT_EQ(reply.has_value(), f == nullptr);
    if (reply) f = &(model_[name] = {});
  }

  void update(const std::string& name, ModelFunction* f) {
    const bool code = below(2) == 0;
    const Json input = code ? Json{{"FunctionName", name}, {"ZipFile", fmt::format("PK {}", ++counter_)}}
                            : Json{{"FunctionName", name}, {"Timeout", 1 + ++counter_ % 900}};
    const Result<Reply> reply = call(code ? "UpdateFunctionCode" : "UpdateFunctionConfiguration", input);
    ASSERT_EQ(reply.has_value(), f != nullptr);
    if (f) f->changed = true;
  }

  void publish_version(const std::string& name, ModelFunction* f) {
    const Result<Reply> reply =
        call("PublishVersion", {{"FunctionName", name}, {"Description", fmt::format("d{}", ++counter_)}});
    ASSERT_EQ(reply.has_value(), f != nullptr);
    if (!f) return;
    const std::string version = reply->output["Version"];
    if (!f->changed && !f->last.empty()) {
      ASSERT_EQ(version, f->last);
      return;
    }
    ASSERT_EQ(version, std::to_string(f->next)) << "numbers only grow, without gaps of their own";
    ++f->next;
    f->changed = false;
    f->last = version;
    f->versions[version] = reply->output;
  }

  void set_alias(const std::string& name, ModelFunction* f) {
    const std::string alias = fmt::format("alias{}", below(3));
    if (!f) {
      ASSERT_FALSE(call("CreateAlias", {{"FunctionName", name}, {"Name", alias}, {"FunctionVersion", "1"}}));
      return;
    }
    const std::string version = any_version(*f);
    const std::string additional = below(2) == 0 ? any_version(*f) : "";
    const double weight = static_cast<double>(below(11)) / 10;
    Json input{{"FunctionName", name}, {"Name", alias}, {"FunctionVersion", version}};
    if (!additional.empty()) input["RoutingConfig"] = {{"AdditionalVersionWeights", {{additional, weight}}}};
    const bool exists = f->aliases.contains(alias);
    const Result<Reply> reply = call(exists ? "UpdateAlias" : "CreateAlias", input);
    const bool legal = f->versions.contains(version) &&
                       (additional.empty() || (f->versions.contains(additional) && additional != version));
    ASSERT_EQ(reply.has_value(), legal) << input;
    if (legal) f->aliases[alias] = {.version = version, .additional = additional, .weight = weight};
  }

  void delete_alias(const std::string& name, ModelFunction* f) {
    const std::string alias = fmt::format("alias{}", below(3));
    const Result<Reply> reply = call("DeleteAlias", {{"FunctionName", name}, {"Name", alias}});
    ASSERT_EQ(reply.has_value(), f != nullptr);
    if (f) f->aliases.erase(alias);
  }

  void delete_version(const std::string& name, ModelFunction* f) {
    if (!f) return;
    const std::string version = any_version(*f);
    bool used = false;
    for (const auto& [alias, m] : f->aliases) used = used || m.version == version || m.additional == version;
    const Result<Reply> reply = call("DeleteFunction", {{"FunctionName", name}, {"Qualifier", version}});
    ASSERT_EQ(reply.has_value(), !used);
    if (used) return;
    f->versions.erase(version);
    if (f->last == version) f->last.clear();
  }

  void run(const std::string& name, ModelFunction* f) {
    const bool by_alias = below(4) != 0;
    const std::string qualifier = by_alias ? fmt::format("alias{}", below(3)) : f ? any_version(*f) : "1";
    const std::size_t runs = runner_.runs.size();
    const Result<Reply> reply = call("Invoke", {{"FunctionName", name}, {"Qualifier", qualifier}});
    const bool exists = f && (by_alias ? f->aliases.contains(qualifier) : f->versions.contains(qualifier));
    ASSERT_EQ(reply.has_value(), exists);
    ASSERT_EQ(runner_.runs.size(), runs + (exists ? 1 : 0));
    if (!exists) return;
    const std::string version = reply->output["ExecutedVersion"];
    const Invocation& invocation = runner_.runs.back();
    ASSERT_EQ(invocation.version->number, version);
    ASSERT_EQ(reply->payload, "\"" + version + "\"");
    ASSERT_TRUE(f->versions.contains(version));
    const auto [serial, is_new] = f->serials.emplace(version, invocation.version->serial);
    ASSERT_EQ(serial->second, invocation.version->serial) << "one pool a version";
    if (!by_alias) {
      ASSERT_EQ(version, qualifier);
      return;
    }
    ModelAlias& alias = f->aliases[qualifier];
    ++alias.invokes;
    if (version == alias.additional) {
      ++alias.additional_invokes;
    } else {
      ASSERT_EQ(version, alias.version);
    }
    ASSERT_GT(
        split_p_value(alias.additional_invokes, alias.invokes, alias.additional.empty() ? 0 : alias.weight),
        1e-6);
  }

  void check(const std::string& name, const ModelFunction& f) {
    for (const auto& [version, published] : f.versions) {
      ASSERT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", name}, {"Qualifier", version}}),
                published);
    }
    Json list = answer("ListVersionsByFunction", {{"FunctionName", name}})["Versions"];
    ASSERT_EQ(list.size(), std::min<std::size_t>(50, f.versions.size() + 1));
    ASSERT_EQ(answer("ListAliases", {{"FunctionName", name}})["Aliases"].size(), f.aliases.size());
  }

  void play(std::uint64_t seed, int steps) {
    chance_ = SeededRandom(seed, "simulation");
    ids_ = SeededRandom(seed, "ids");
    router_ = SeededRandom(seed, "router");
    runner_.runs.clear();
    journal_.clear();
    start();
    clock_ = testing::ManualClock();
    model_.clear();
    trace_.clear();
    counter_ = 0;
    for (int step = 0; step < steps; ++step) {
      clock_.advance(std::chrono::milliseconds(below(2000)));
      const std::string name = fmt::format("f{}", below(3));
      const auto found = model_.find(name);
      ModelFunction* f = found == model_.end() ? nullptr : &found->second;
      const std::uint64_t dice = below(100);
      if (dice < 5) {
        create(name, f);
      } else if (dice < 20) {
        update(name, f);
      } else if (dice < 35) {
        publish_version(name, f);
      } else if (dice < 50) {
        set_alias(name, f);
      } else if (dice < 54) {
        delete_alias(name, f);
      } else if (dice < 59) {
        delete_version(name, f);
      } else if (dice < 60) {
        ASSERT_EQ(call("DeleteFunction", {{"FunctionName", name}}).has_value(), f != nullptr);
        model_.erase(name);
        f = nullptr;
      } else if (dice < 61) {
        restart();
        for (auto& [other, function] : model_) function.serials.clear();
      } else {
        run(name, f);
      }
      if (HasFatalFailure()) {
        ADD_FAILURE() << "seed " << seed << ", step " << step << ", dice " << dice;
        return;
      }
      if (f) check(name, *f);
      if (HasFatalFailure()) return;
      note(fmt::format("{} {} {} {}", step, name, dice,
                       runner_.runs.empty() ? "" : runner_.runs.back().version->number));
    }
  }

  SeededRandom chance_{1, "simulation"};
  std::map<std::string, ModelFunction> model_;
  std::string trace_;
  std::uint64_t counter_ = 0;
};

TEST_P(Simulation, KeepsItsPromises) {
  play(GetParam(), 1500);
  const std::string first = std::move(trace_);
  if (HasFailure()) return;
  play(GetParam(), 1500);
  EXPECT_EQ(trace_, first) << "one seed, one run";
}
INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace aviary::lambda
