#include "services/logs/core/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace aviary::logs {
namespace {

// A match takes a few steps a byte; an expression that backtracks without end is given up on within
// milliseconds.
constexpr std::uint32_t match_limit = 1'000'000;
constexpr std::uint32_t heap_limit_kib = 20 * 1024;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

PCRE2_SPTR units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

}  // namespace

/// The match data is scratch space: matching changes nothing that can be seen. One thread owns all of it.
struct Regex::Compiled {
  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_data, Free> data;
  std::unique_ptr<pcre2_match_context, Free> context;
  std::vector<std::pair<std::string, std::uint32_t>> names;

  bool match(std::string_view text, std::size_t from = 0) const {
    return pcre2_match(code.get(), units(text), text.size(), from, 0, data.get(), context.get()) >= 0;
  }
};

std::optional<Regex> Regex::compile(std::string_view expression, Case letters) {
  int error = 0;
  PCRE2_SIZE at = 0;
  std::uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  if (letters == Case::Insensitive) options |= PCRE2_CASELESS;
  auto compiled = std::make_shared<Compiled>();
  compiled->code.reset(pcre2_compile(units(expression), expression.size(), options, &error, &at, nullptr));
  if (!compiled->code) return std::nullopt;
  // Where there is no JIT the interpreter does the same.
  pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);
  compiled->data.reset(pcre2_match_data_create_from_pattern(compiled->code.get(), nullptr));
  compiled->context.reset(pcre2_match_context_create(nullptr));
  if (!compiled->data || !compiled->context) throw std::bad_alloc();
  pcre2_set_match_limit(compiled->context.get(), match_limit);
  pcre2_set_heap_limit(compiled->context.get(), heap_limit_kib);

  std::uint32_t count = 0;
  std::uint32_t width = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(compiled->code.get(), PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(compiled->code.get(), PCRE2_INFO_NAMEENTRYSIZE, &width);
  pcre2_pattern_info(compiled->code.get(), PCRE2_INFO_NAMETABLE, &table);
  for (std::uint32_t i = 0; i < count; ++i, table += width) {
    const auto number = static_cast<std::uint32_t>(table[0] << 8 | table[1]);
    compiled->names.emplace_back(reinterpret_cast<const char*>(table + 2), number);
  }
  Regex regex;
  regex.compiled_ = std::move(compiled);
  return regex;
}

bool Regex::found_in(std::string_view text) const { return compiled_->match(text); }

std::optional<std::vector<std::pair<std::string, std::string>>> Regex::captures(std::string_view text) const {
  if (!compiled_->match(text)) return std::nullopt;
  const PCRE2_SIZE* places = pcre2_get_ovector_pointer(compiled_->data.get());
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, number] : compiled_->names) {
    const PCRE2_SIZE begin = places[2 * number];
    const PCRE2_SIZE end = places[2 * number + 1];
    if (begin != PCRE2_UNSET) found.emplace_back(name, text.substr(begin, end - begin));
  }
  return found;
}

std::vector<std::string> Regex::group_names() const {
  std::vector<std::pair<std::uint32_t, std::string>> by_number;
  for (const auto& [name, number] : compiled_->names) by_number.emplace_back(number, name);
  std::ranges::sort(by_number);
  std::vector<std::string> names;
  for (auto& [number, name] : by_number) names.push_back(std::move(name));
  return names;
}

std::string Regex::replace(std::string_view text, std::string_view replacement) const {
  std::string result;
  std::size_t from = 0;
  while (from <= text.size() && compiled_->match(text, from)) {
    const PCRE2_SIZE* places = pcre2_get_ovector_pointer(compiled_->data.get());
    const std::size_t begin = places[0];
    const std::size_t end = places[1];
    result.append(text.substr(from, begin - from)).append(replacement);
    if (end == begin) {
      if (begin < text.size()) result += text[begin];
      from = begin + 1;
    } else {
      from = end;
    }
  }
  if (from < text.size()) result.append(text.substr(from));
  return result;
}

}  // namespace aviary::logs
