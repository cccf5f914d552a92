#include <fmt/format.h>

#include <cmath>

#include "base/duration.hpp"
#include "rehearsal/facts.hpp"

namespace aviary::rehearsal {
namespace {

/// Two digits are enough to see why.
std::string shown(double value) {
  const double rounded = std::round(value * 100) / 100;
  return fmt::format("{:g}", rounded);
}

std::string_view word_of(Counted what) {
  switch (what) {
    case Counted::Errors:
      return "errors";
    case Counted::Throttles:
      return "throttles";
    case Counted::Invokes:
      break;
  }
  return "invokes";
}

class Judge {
 public:
  Judge(const Assertion& assertion, const Facts& facts) : assertion_(assertion), facts_(facts) {}

  Checked<Verdict> operator()(const ShareAssertion& share) const {
    const auto function = facts_.function_with_alias(share.function, share.alias);
    if (!function) return function.error();
    const auto span = span_of_window();
    if (!span) return span.error();
    const auto counts = assertion_.window.is_all() ? facts_.picked(*function, share.alias, share.version)
                                                   : facts_.ran(*function, share.alias, *span);
    double all = 0;
    for (const auto& [version, count] : counts) all += count;
    if (all == 0) return Verdict{false, fmt::format("{} was not invoked.", share.alias)};
    const auto mine = counts.find(share.version);
    const double count = mine == counts.end() ? 0 : mine->second;
    const double percent = 100 * count / all;
    return Verdict{share.percent.contains(percent),
                   fmt::format("{} sent {} % ({} of {} invokes) to version {}.", share.alias, shown(percent),
                               shown(count), shown(all), share.version)};
  }

  Checked<Verdict> operator()(const AliasAssertion& alias) const {
    const auto function = facts_.function_with_alias(alias.function, alias.alias);
    if (!function) return function.error();
    const auto found = facts_.alias(*function, alias.alias);
    if (!found) return Refusal{fmt::format("There is no alias {} of {}.", alias.alias, *function)};
    if (!found->additional_version.empty())
      return Verdict{
          false, fmt::format("{} is at version {}, and sends {} % to version {}.", alias.alias,
                             found->version, shown(found->additional_percent), found->additional_version)};
    return Verdict{found->version == alias.version,
                   fmt::format("{} is at version {}.", alias.alias, found->version)};
  }

  Checked<Verdict> operator()(const DeploymentAssertion& wanted) const {
    const auto found = facts_.deployment(wanted.id);
    if (!found) return no_deployment(wanted.id);
    std::string told = fmt::format("Deployment {} is {}", wanted.id, found->status);
    if (!found->reason.empty()) told += fmt::format(" ({})", found->reason);
    bool holds = false;
    std::optional<Instant> ended = found->completed;
    if (wanted.ending == "rolled back") {
      holds = !found->rollback_id.empty() && found->rollback_status == "Succeeded";
      ended = found->rolled_back;
      told += found->rollback_id.empty() ? ", and was not rolled back"
                                         : fmt::format(", rolled back by {}, which is {}", found->rollback_id,
                                                       found->rollback_status);
    } else {
      const std::string_view status = wanted.ending == "succeeded" ? "Succeeded"
                                      : wanted.ending == "failed"  ? "Failed"
                                                                   : "Stopped";
      holds = found->status == status;
    }
    if (!wanted.within || !holds) return Verdict{holds, told + "."};
    if (wanted.of_the_alarm && !found->alarmed)
      return Verdict{false, told + ", but no alarm of its group went off while it ran."};
    if (!ended) return Verdict{false, told + ", at a time that is not known."};
    const Duration took = *ended - (wanted.of_the_alarm ? *found->alarmed : found->created);
    return Verdict{
        took <= *wanted.within,
        fmt::format("{}, {} after {}.", told, duration_text(took),
                    wanted.of_the_alarm ? "alarm " + found->alarm + " went off" : "it was created")};
  }

  Checked<Verdict> operator()(const CountAssertion& wanted) const {
    const auto function = facts_.function_with_version(wanted.which.function, wanted.which.version);
    if (!function) return function.error();
    const auto span = span_of_window();
    if (!span) return span.error();
    const CountFacts counts = facts_.counts(*function, wanted.which.version, *span);
    const double number = wanted.what == Counted::Errors      ? counts.errors
                          : wanted.what == Counted::Throttles ? counts.throttles
                                                              : counts.invokes;
    const std::string of = fmt::format(
        "version {} had {} {} in {} invokes", wanted.which.version, shown(number),
        wanted.what == Counted::Invokes ? "of them" : word_of(wanted.what), shown(counts.invokes));
    if (wanted.what == Counted::Invokes)
      return Verdict{wanted.range.contains(number),
                     fmt::format("Version {} had {} invokes.", wanted.which.version, shown(number))};
    // Nothing was shown of a version that never ran.
    const double asked = counts.invokes + counts.throttles;
    if (asked == 0) return Verdict{false, fmt::format("Version {} was not invoked.", wanted.which.version)};
    if (!wanted.rate) return Verdict{wanted.range.contains(number), "In all, " + of + "."};
    const double whole = wanted.what == Counted::Errors ? counts.invokes : asked;
    const double percent = whole == 0 ? 0 : 100 * number / whole;
    return Verdict{wanted.range.contains(percent), fmt::format("{} %: {}.", shown(percent), of)};
  }

  Checked<Verdict> operator()(const DurationAssertion& wanted) const {
    const auto span = span_of_window();
    if (!span) return span.error();
    const auto mine = duration_of(wanted.which, wanted.statistic, *span);
    if (!mine) return mine.error();
    if (!*mine) return Verdict{false, fmt::format("Version {} was not invoked.", wanted.which.version)};
    const std::string told =
        fmt::format("{} of version {} is {} ms", wanted.statistic, wanted.which.version, shown(**mine));
    if (!wanted.compared) return Verdict{wanted.milliseconds.contains(**mine), told + "."};
    const auto other = duration_of(*wanted.compared, wanted.statistic, *span);
    if (!other) return other.error();
    if (!*other) return Verdict{false, fmt::format("Version {} was not invoked.", wanted.compared->version)};
    if (**other == 0) return Verdict{**mine == 0, told + ", of the other one it is 0."};
    const double percent = 100 * (**mine - **other) / **other;
    return Verdict{wanted.percent.contains(percent),
                   fmt::format("{}, of version {} {} ms: {} % {}.", told, wanted.compared->version,
                               shown(**other), shown(std::abs(percent)), percent < 0 ? "less" : "more")};
  }

  Checked<Verdict> operator()(const AlarmAssertion& wanted) const {
    const auto state = facts_.alarm_state(wanted.name);
    if (!state) return Refusal{fmt::format("There is no alarm {}.", wanted.name)};
    return Verdict{*state == wanted.state, fmt::format("Alarm {} is {}.", wanted.name, *state)};
  }

 private:
  static Refusal no_deployment(const std::string& id) {
    return {fmt::format("There is no deployment {}.", id)};
  }

  Checked<Span> span_of_window() const {
    const Window& window = assertion_.window;
    if (window.last) return Span{.from = facts_.now() - *window.last};
    if (window.since) return Span{.from = window.since};
    if (window.deployment.empty()) return Span{};
    const auto found = facts_.deployment(window.deployment);
    if (!found) return no_deployment(window.deployment);
    return Span{.from = found->created, .until = found->completed};
  }

  Checked<std::optional<double>> duration_of(const Which& which, const std::string& statistic,
                                             const Span& span) const {
    const auto function = facts_.function_with_version(which.function, which.version);
    if (!function) return function.error();
    return facts_.duration(*function, which.version, statistic, span);
  }

  const Assertion& assertion_;
  const Facts& facts_;
};

}  // namespace

Checked<Verdict> judge(const Assertion& assertion, const Facts& facts) {
  return std::visit(Judge(assertion, facts), assertion.what);
}

}  // namespace aviary::rehearsal
