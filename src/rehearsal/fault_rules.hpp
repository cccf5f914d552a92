#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "execution/faults.hpp"
#include "ports/clock.hpp"
#include "ports/records.hpp"
#include "rehearsal/fault_rule.hpp"

namespace aviary::rehearsal {

/// The rules by which invocations fail on purpose. What the n-th invocation that a rule sees comes to is a
/// pure function of the seed, the rule's id and n: the same run fails in the same places, also after a
/// restart. Lives on the loop's thread; rules last with the journal.
class FaultRules final : public execution::FaultSource {
 public:
  struct Surroundings {
    std::uint64_t seed;
    Clock& clock;
    Journal& journal;
    /// How much of emulated time passes in real time: 1 on the real clock, 0 on one that stands still.
    std::function<double()> pace;
    /// Called when there are rules where there were none, and the other way round: nobody need ask while
    /// there are none.
    std::function<void(bool any)> changed;
  };
  explicit FaultRules(Surroundings around);

  /// One rule, a list of them, or `{"faults": […]}`. All or none is taken. The answer is the new rules, as
  /// `describe` has them. A rule of an id that is there takes its place, and counts from the start.
  Checked<Json> add(const Json& document);
  Checked<Json> replace_all(const Json& document);
  /// What the file at start says, as YAML. Rules that an earlier start took from its file and that are the
  /// same go on; those that are no longer in it are gone.
  Checked<std::size_t> add_file(std::string_view text);
  bool remove(std::string_view id);
  void clear();
  void restore();

  /// `[{"id", "function", …, "state": "waiting" | "active" | "ended", "seen", "struck": {"error": 3}}]`
  Json describe() const;
  std::unique_ptr<execution::Fault> draw(const lambda::Invocation& invocation) override;

 private:
  struct Active {
    FaultRule rule;
    Instant since;
    std::uint64_t order = 0;
    bool from_file = false;
    std::uint64_t seen = 0;
    std::uint64_t struck = 0;
    std::array<std::uint64_t, 5> by_kind{};
    std::uint64_t slowed = 0;
  };
  enum class Phase : std::uint8_t { Waiting, Active, Ended };
  static Phase phase_of(const Active& active, Instant now);
  static Json describe(const Active& active, Instant now);
  Checked<std::vector<FaultRule>> read(const Json& document) const;
  Json insert(std::vector<FaultRule> rules, bool from_file);
  void strike(Active& active, execution::Fault& fault, bool& any) const;
  void save(const Active& active);
  void tell();

  Surroundings around_;
  Records<Json> records_;
  std::vector<Active> rules_;  ///< in the order they were added
  std::uint64_t last_order_ = 0;
  bool told_ = false;
};

}  // namespace aviary::rehearsal
