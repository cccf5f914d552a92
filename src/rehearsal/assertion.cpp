#include "rehearsal/assertion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/duration.hpp"

namespace aviary::rehearsal {
namespace {

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lowered;
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number < 0 || !(number - number == 0)) return std::nullopt;
  return number;
}

/// A sentence, word by word. What takes words leaves the place alone where it does not find them.
class Words {
 public:
  explicit Words(std::string_view text) {
    std::string word;
    const auto end_word = [&] {
      if (!word.empty()) words_.push_back(std::exchange(word, {}));
    };
    for (const char c : text) {
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',') {
        end_word();
      } else if (c == '%') {
        end_word();
        words_.emplace_back("%");
      } else {
        word += c;
      }
    }
    end_word();
    if (!words_.empty() && words_.back().size() > 1 && words_.back().ends_with('.')) words_.back().pop_back();
  }

  bool done() const { return place_ == words_.size(); }
  std::string_view here() const { return done() ? std::string_view{} : std::string_view(words_[place_]); }
  std::string rest() const {
    return fmt::format("{}",
                       fmt::join(words_.begin() + static_cast<std::ptrdiff_t>(place_), words_.end(), " "));
  }
  bool take(std::string_view words) {
    const std::size_t before = place_;
    while (!words.empty()) {
      const std::string_view word = words.substr(0, words.find(' '));
      words.remove_prefix(std::min(words.size(), word.size() + 1));
      if (done() || lower(words_[place_]) != word) {
        place_ = before;
        return false;
      }
      ++place_;
    }
    return true;
  }
  bool take_any(std::initializer_list<std::string_view> choices) {
    return std::ranges::any_of(choices, [this](std::string_view one) { return take(one); });
  }
  std::string word() { return done() ? std::string() : words_[place_++]; }
  std::optional<double> number() {
    const auto read = number_of(here());
    if (read) ++place_;
    return read;
  }
  /// `2m`, `2 minutes`, `200 ms`.
  std::optional<Duration> duration() {
    if (const auto whole = parse_duration(here())) {
      ++place_;
      return whole;
    }
    const std::size_t before = place_;
    const auto count = number();
    static constexpr std::pair<std::string_view, Duration> units[] = {
        {"ms", std::chrono::milliseconds(1)}, {"millisecond", std::chrono::milliseconds(1)},
        {"s", std::chrono::seconds(1)},       {"second", std::chrono::seconds(1)},
        {"m", std::chrono::minutes(1)},       {"min", std::chrono::minutes(1)},
        {"minute", std::chrono::minutes(1)},  {"h", std::chrono::hours(1)},
        {"hour", std::chrono::hours(1)},      {"d", std::chrono::days(1)},
        {"day", std::chrono::days(1)}};
    const std::string unit = lower(here());
    for (const auto& [name, length] : units)
      if (count && (unit == name || unit == std::string(name) + "s") && *count < 1e6) {
        ++place_;
        return Duration(static_cast<std::int64_t>(static_cast<double>(length.count()) * *count));
      }
    place_ = before;
    return std::nullopt;
  }

 private:
  std::vector<std::string> words_;
  std::size_t place_ = 0;
};

/// Nothing: it is not this kind of sentence, or not one that is understood.
using Found = std::optional<decltype(Assertion::what)>;

std::optional<Which> which_of(Words& words) {
  if (words.take("version")) {
    std::string version = words.word();
    if (version.empty()) return std::nullopt;
    return Which{.version = std::move(version)};
  }
  const std::string_view text = words.here();
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  Which which{.function = std::string(text.substr(0, colon)), .version = std::string(text.substr(colon + 1))};
  words.word();
  return which;
}

/// `between A and B`, `at least A`, `at most A`, `exactly A`, `more than A`, `less than A`, `below A`, `above
/// A`.
std::optional<Range> range_of(Words& words) {
  Range range;
  if (words.take("between")) {
    range.low = words.number();
    words.take("%");
    if (!words.take("and")) return std::nullopt;
    range.high = words.number();
    if (!range.low || !range.high || *range.low > *range.high) return std::nullopt;
    return range;
  }
  if (words.take("at least")) {
    range.low = words.number();
  } else if (words.take_any({"at most", "no more than"})) {
    range.high = words.number();
  } else if (words.take_any({"more than", "above"})) {
    range.low = words.number();
    range.low_itself = false;
  } else if (words.take_any({"less than", "fewer than", "below"})) {
    range.high = words.number();
    range.high_itself = false;
  } else if (words.take("exactly")) {
    range.low = range.high = words.number();
  }
  if (!range.low && !range.high) return std::nullopt;
  return range;
}

std::optional<Counted> counted_of(Words& words) {
  if (words.take_any({"errors", "error"})) return Counted::Errors;
  if (words.take_any({"throttles", "throttle"})) return Counted::Throttles;
  if (words.take_any({"invokes", "invoke", "invocations", "invocation"})) return Counted::Invokes;
  return std::nullopt;
}

/// `no error of version 5`, `at most 3 errors of version 5`, `error rate of version 5 below 1 %`.
Found count_sentence(Words words, Words& after) {
  CountAssertion count;
  if (words.take("no")) {
    count.range.high = 0;
  } else if (auto range = range_of(words)) {
    count.range = *range;
  } else {
    return std::nullopt;
  }
  const auto what = counted_of(words);
  if (!what || !words.take("of")) return std::nullopt;
  const auto which = which_of(words);
  if (!which) return std::nullopt;
  count.what = *what;
  count.which = *which;
  after = words;
  return count;
}

Found rate_sentence(Words words, Words& after) {
  CountAssertion count;
  count.rate = true;
  if (words.take("error rate of"))
    count.what = Counted::Errors;
  else if (words.take("throttle rate of"))
    count.what = Counted::Throttles;
  else
    return std::nullopt;
  const auto which = which_of(words);
  words.take("is");
  const auto range = which ? range_of(words) : std::nullopt;
  if (!range || !words.take("%")) return std::nullopt;
  count.which = *which;
  count.range = *range;
  after = words;
  return count;
}

std::optional<std::string> statistic_of(Words& words) {
  const std::string word = lower(words.here());
  if (word.size() > 1 && word.front() == 'p') {
    const auto percent = number_of(std::string_view(word).substr(1));
    if (!percent || *percent > 100) return std::nullopt;
    words.word();
    return word;
  }
  if (words.take("median")) return "p50";
  if (words.take_any({"average", "mean"})) return "Average";
  if (words.take_any({"maximum", "max"})) return "Maximum";
  if (words.take_any({"minimum", "min"})) return "Minimum";
  return std::nullopt;
}

/// `p99 of version 6 within 10 % of version 5`, `p99 of version 6 at most 10 % above version 5`, `p99 of
/// version 6 below 200 ms`.
Found duration_sentence(Words words, Words& after) {
  DurationAssertion duration;
  const auto statistic = statistic_of(words);
  if (!statistic) return std::nullopt;
  duration.statistic = *statistic;
  words.take("duration");
  if (!words.take("of")) return std::nullopt;
  const auto which = which_of(words);
  if (!which) return std::nullopt;
  duration.which = *which;
  words.take("is");
  const bool within = words.take("within");
  Words relative = words;
  if (within || relative.take("at most")) {
    const auto percent = relative.number();
    if (percent && relative.take("%") &&
        (within ? relative.take("of") : relative.take_any({"above", "over"}))) {
      duration.compared = which_of(relative);
      if (!duration.compared) return std::nullopt;
      if (within) duration.percent.low = -*percent;
      duration.percent.high = *percent;
      after = relative;
      return duration;
    }
    if (within) return std::nullopt;
  }
  const bool low = words.take_any({"above", "at least", "more than"});
  if (!low && !words.take_any({"below", "at most", "less than", "under"})) return std::nullopt;
  const auto bound = words.duration();
  if (!bound) return std::nullopt;
  (low ? duration.milliseconds.low : duration.milliseconds.high) =
      std::chrono::duration<double, std::milli>(*bound).count();
  after = words;
  return duration;
}

Found deployment_sentence(Words words, Words& after) {
  if (!words.take("deployment")) return std::nullopt;
  DeploymentAssertion deployment;
  deployment.id = words.word();
  words.take_any({"was", "has", "is"});
  for (const std::string_view ending : {"succeeded", "failed", "stopped", "rolled back"})
    if (deployment.ending.empty() && words.take(ending)) deployment.ending = ending;
  if (deployment.ending.empty()) return std::nullopt;
  if (words.take("within")) {
    deployment.within = words.duration();
    if (!deployment.within) return std::nullopt;
    deployment.of_the_alarm = words.take_any({"of the alarm", "after the alarm"});
  }
  after = words;
  return deployment;
}

Found alarm_sentence(Words words, Words& after) {
  if (!words.take("alarm")) return std::nullopt;
  AlarmAssertion alarm;
  alarm.name = words.word();
  words.take("is");
  words.take("in");
  for (const std::string_view state : {"OK", "ALARM", "INSUFFICIENT_DATA"})
    if (alarm.state.empty() && words.take(lower(state))) alarm.state = state;
  if (alarm.state.empty()) return std::nullopt;
  after = words;
  return alarm;
}

/// `prod sent between 8 and 12 % to version 6`, `prod is at version 6`.
Found alias_sentence(Words words, Words& after) {
  std::string alias = words.word();
  std::string function;
  if (const std::size_t colon = alias.rfind(':'); colon != std::string::npos) {
    function = alias.substr(0, colon);
    alias.erase(0, colon + 1);
  }
  if (words.take_any({"is at", "points at", "points to"})) {
    const auto which = which_of(words);
    if (!which) return std::nullopt;
    after = words;
    return AliasAssertion{.function = function, .alias = alias, .version = which->version};
  }
  if (!words.take_any({"sent", "sends"})) return std::nullopt;
  const auto range = range_of(words);
  if (!range || !words.take("%") || !words.take("to")) return std::nullopt;
  const auto which = which_of(words);
  if (!which) return std::nullopt;
  after = words;
  return ShareAssertion{.function = function, .alias = alias, .percent = *range, .version = which->version};
}

std::optional<Window> window_of(Words& words) {
  Window window;
  if (words.take_any({"in the last", "within the last"})) {
    window.last = words.duration();
    if (!window.last) return std::nullopt;
  } else if (words.take("since")) {
    window.since = parse_iso8601(words.word());
    if (!window.since) return std::nullopt;
  } else if (words.take_any({"during deployment", "during"})) {
    window.deployment = words.word();
    if (window.deployment.empty()) return std::nullopt;
  }
  if (!words.done()) return std::nullopt;
  return window;
}

}  // namespace

bool Range::contains(double value) const {
  if (low && (low_itself ? value < *low : value <= *low)) return false;
  return !high || (high_itself ? value <= *high : value < *high);
}

std::string_view understood_sentences() {
  return R"(prod sent between 8 and 12 % to version 6     (or: at least, at most, exactly, more than, less than 10 %)
prod is at version 6
deployment d-ABCDEFGHI succeeded               (or: failed, stopped, rolled back; then: within 30 minutes)
deployment d-ABCDEFGHI rolled back within 2 minutes of the alarm
no errors of version 5                         (or: throttles, invokes; or: at most 3 errors, at least 100 invokes)
error rate of version 6 below 1 %
p99 of version 6 within 10 % of version 5      (or: median, average, maximum; or: at most 10 % above version 5)
p99 of version 6 below 200 ms
alarm canary-errors is OK                      (or: ALARM, INSUFFICIENT_DATA)
A function is named by order-processor:prod and order-processor:6 in place of prod and version 6.
At the end: in the last 5 minutes, since 2026-01-01T00:00:00Z, during deployment d-ABCDEFGHI.)";
}

Checked<Assertion> Assertion::parse(std::string_view text) {
  const Words words(text);
  Assertion assertion;
  assertion.text = words.rest();
  // A sentence that begins like one kind is not tried as another.
  for (const auto& kind : {deployment_sentence, alarm_sentence, rate_sentence, count_sentence,
                           duration_sentence, alias_sentence}) {
    Words after = words;
    const auto found = kind(words, after);
    if (!found) continue;
    const auto window = window_of(after);
    if (!window)
      return Refusal{fmt::format("'{}': what is meant by '{}'? What is understood:\n{}", text, after.rest(),
                                 understood_sentences())};
    assertion.what = *found;
    assertion.window = *window;
    return assertion;
  }
  return Refusal{fmt::format("'{}' is not understood. What is:\n{}", text, understood_sentences())};
}

}  // namespace aviary::rehearsal
