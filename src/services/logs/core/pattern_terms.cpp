#include <cstring>

#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {
namespace {

struct Term {
  std::string text;
  std::optional<Regex> regex;

  bool in(std::string_view event) const {
    if (regex) return regex->found_in(event);
    return memmem(event.data(), event.size(), text.data(), text.size()) != nullptr;
  }
};

/// `ERROR "time out" -retry`: all of those without a sign, none of those with a minus. `?a ?b`: one of them
/// at least; beside others, terms with a question mark have no effect.
class TermsRule final : public FilterPattern::Rule {
 public:
  TermsRule(std::vector<Term> all, std::vector<Term> none, std::vector<Term> any)
      : all_(std::move(all)), none_(std::move(none)), any_(std::move(any)) {
    for (const Term& term : all_) {
      if (!term.regex && term.text.size() > anchor_.size()) anchor_ = term.text;
    }
    if (any_.size() == 1 && !any_[0].regex) anchor_ = any_[0].text;
  }

  bool matches(std::string_view event) const override {
    for (const Term& term : all_) {
      if (!term.in(event)) return false;
    }
    for (const Term& term : none_) {
      if (term.in(event)) return false;
    }
    if (any_.empty()) return true;
    for (const Term& term : any_) {
      if (term.in(event)) return true;
    }
    return false;
  }
  std::string_view anchor() const noexcept override { return anchor_; }
  bool is_anchor_alone() const noexcept override {
    return !anchor_.empty() && none_.empty() && all_.size() + any_.size() == 1;
  }
  bool has_fields() const noexcept override { return false; }

 private:
  std::vector<Term> all_;
  std::vector<Term> none_;
  std::vector<Term> any_;
  std::string anchor_;
};

/// `"…"` with `\"` and `\\` inside; `at` is behind the opening quote, then behind the closing one.
std::optional<std::string> quoted(std::string_view pattern, std::size_t& at) {
  std::string text;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == '"') {
      ++at;
      return text;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size() && (pattern[at + 1] == '"' || pattern[at + 1] == '\\'))
      ++at;
    text += pattern[at];
  }
  return std::nullopt;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\n") == std::string_view::npos; }

}  // namespace

Result<RulePointer> parse_terms(std::string_view pattern) {
  std::vector<Term> all;
  std::vector<Term> none;
  std::vector<Term> any;
  for (std::size_t at = 0; at < pattern.size();) {
    const char sign = pattern[at];
    if (sign == ' ' || sign == '\t' || sign == '\n') {
      ++at;
      continue;
    }
    if (sign == '-' || sign == '?') {
      ++at;
      // As an old example of the documentation has it: `"ERROR" - "Exiting"`.
      while (at < pattern.size() && pattern[at] == ' ') ++at;
      if (at == pattern.size()) return invalid_characters(std::string_view(&sign, 1));
    }
    Term term;
    if (pattern[at] == '"') {
      ++at;
      std::optional<std::string> text = quoted(pattern, at);
      if (!text) return invalid_characters("\"");
      term.text = std::move(*text);
    } else if (pattern[at] == '%') {
      const std::size_t end = pattern.find('%', at + 1);
      if (end == std::string_view::npos) return invalid_characters("%");
      Result<Regex> regex = compile_pattern_regex(pattern.substr(at + 1, end - at - 1));
      if (!regex) return regex.error();
      term.regex = std::move(*regex);
      at = end + 1;
    } else {
      const std::size_t begin = at;
      while (at < pattern.size() && is_word_character(pattern[at])) ++at;
      if (at == begin ||
          (at < pattern.size() && pattern[at] != ' ' && pattern[at] != '\t' && pattern[at] != '\n'))
        return invalid_characters(pattern.substr(at, 1));
      term.text = pattern.substr(begin, at - begin);
    }
    // `" "` is the documented way to match every event.
    if (!term.regex && is_blank(term.text) && sign != '-') continue;
    (sign == '-' ? none : sign == '?' ? any : all).push_back(std::move(term));
  }
  if (!all.empty() || !none.empty()) any.clear();
  if (all.empty() && none.empty() && any.empty()) return RulePointer();
  return RulePointer(std::make_shared<TermsRule>(std::move(all), std::move(none), std::move(any)));
}

}  // namespace aviary::logs
