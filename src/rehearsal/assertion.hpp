#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"
#include "rehearsal/refusal.hpp"

/// What a deployment's rehearsal shall have shown, as a sentence: `prod sent between 8 and 12 % to version
/// 6`.
namespace aviary::rehearsal {

/// `version 6`, of whatever function is meant; or `order-processor:6`.
struct Which {
  std::string function{};  ///< empty: the one that is meant
  std::string version;
};

/// At least, at most, or between; a bound that is not there is open.
struct Range {
  std::optional<double> low{};
  std::optional<double> high{};
  bool low_itself = true;  ///< whether the bound is inside
  bool high_itself = true;
  bool contains(double value) const;
};

struct ShareAssertion {
  std::string function{};
  std::string alias;
  Range percent;
  std::string version;
};
struct AliasAssertion {
  std::string function{};
  std::string alias;
  std::string version;
};
struct DeploymentAssertion {
  std::string id;
  std::string ending;  ///< succeeded, failed, stopped, rolled back
  std::optional<Duration> within{};
  bool of_the_alarm = false;  ///< the time counts from the alarm on; else from the deployment's start
};
enum class Counted : std::uint8_t { Errors, Throttles, Invokes };
struct CountAssertion {
  Counted what = Counted::Errors;
  bool rate = false;  ///< in per cent of the invokes
  Range range;
  Which which;
};
struct DurationAssertion {
  std::string statistic;  ///< as CloudWatch names it: p99, Average, Maximum
  Which which;
  Range milliseconds{};             ///< or, with another version to compare with …
  std::optional<Which> compared{};  ///< …
  Range percent{};                  ///< how much more or less than that one's it is
};
struct AlarmAssertion {
  std::string name;
  std::string state;
};

/// What of the past counts: everything, unless the sentence says otherwise.
struct Window {
  std::optional<Duration> last{};
  std::optional<Instant> since{};
  std::string deployment{};  ///< while it ran
  bool is_all() const { return !last && !since && deployment.empty(); }
};

struct Assertion {
  std::string text;
  std::variant<ShareAssertion, AliasAssertion, DeploymentAssertion, CountAssertion, DurationAssertion,
               AlarmAssertion>
      what;
  Window window{};

  /// The refusal says what is understood.
  static Checked<Assertion> parse(std::string_view text);
};

/// All sentences that are understood, one a line.
std::string_view understood_sentences();

}  // namespace aviary::rehearsal
