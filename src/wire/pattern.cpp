#include "wire/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace aviary::wire {
namespace {

// Models' patterns take a few steps a character for what they accept; ten thousand take about 50
// microseconds.
constexpr std::size_t steps_at_least = 10'000;
constexpr std::size_t steps_a_byte = 20;
constexpr std::size_t steps_at_most = 10'000'000;
constexpr std::uint32_t heap_limit_kib = 20 * 1024;
constexpr std::size_t jit_stack_bytes = 1024 * 1024;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

PCRE2_SPTR units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

/// The number of four hex digits behind a `\u`; nothing if there are none.
std::optional<std::uint32_t> java_escape(std::string_view rest) {
  std::uint32_t point = 0;
  if (!rest.starts_with("\\u") || rest.size() < 6) return std::nullopt;
  const auto [end, problem] = std::from_chars(rest.data() + 2, rest.data() + 6, point, 16);
  if (problem != std::errc{} || end != rest.data() + 6) return std::nullopt;
  return point;
}

/// Java's `\u00FF` as PCRE2's `\x{FF}`, surrogates as the one character that they are. Some models write
/// `\u10000` and `\u10FFFF`, which Java reads otherwise, for what lies beyond the first plane.
std::string without_java_escapes(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) {
    std::optional<std::uint32_t> point = java_escape(pattern);
    if (!point) {
      // An escaped backslash begins nothing.
      const std::size_t taken = pattern.starts_with("\\\\") ? 2 : 1;
      out += pattern.substr(0, taken);
      pattern.remove_prefix(taken);
      continue;
    }
    std::size_t taken = 6;
    const std::optional<std::uint32_t> low = java_escape(pattern.substr(6));
    if (pattern.starts_with("\\u10000")) {
      point = 0x10000;
      taken = 7;
    } else if (pattern.starts_with("\\u10FFFF")) {
      point = 0x10FFFF;
      taken = 8;
    } else if (*point >= 0xD800 && *point < 0xDC00 && low && *low >= 0xDC00 && *low < 0xE000) {
      point = 0x10000 + ((*point - 0xD800) << 10) + (*low - 0xDC00);
      taken = 12;
    }
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *point, 16).ptr;
    out += "\\x{";
    out.append(digits.data(), end);
    out += '}';
    pattern.remove_prefix(taken);
  }
  return out;
}

/// One thread's compiled patterns and what matching needs.
class Matcher {
 public:
  Matcher()
      : data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        stack_(pcre2_jit_stack_create(32 * 1024, jit_stack_bytes, nullptr)) {
    if (!data_ || !context_) throw std::bad_alloc();
    pcre2_set_heap_limit(context_.get(), heap_limit_kib);
    if (stack_) pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
  }

  bool matches(std::string_view pattern, std::string_view text) {
    const auto found = codes_.find(pattern);
    const pcre2_code* code = found != codes_.end()
                                 ? found->second.get()
                                 : codes_.emplace(pattern, compile(pattern)).first->second.get();
    return runs(code, text);
  }

  /// Compiled for this once.
  bool matches_once(std::string_view pattern, std::string_view text) {
    return runs(compile(pattern).get(), text);
  }

 private:
  bool runs(const pcre2_code* code, std::string_view text) {
    const std::size_t steps = std::min(steps_at_least + steps_a_byte * text.size(), steps_at_most);
    pcre2_set_match_limit(context_.get(), static_cast<std::uint32_t>(steps));
    int result = pcre2_match(code, units(text), text.size(), 0, 0, data_.get(), context_.get());
    // The interpreter keeps its stack on the heap, so it may still get through.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT)
      result = pcre2_match(code, units(text), text.size(), 0, PCRE2_NO_JIT, data_.get(), context_.get());
    return result >= 0;
  }

  static std::unique_ptr<pcre2_code, Free> compile(std::string_view written) {
    const std::string pattern = without_java_escapes(written);
    int error = 0;
    PCRE2_SIZE at = 0;
    // Java's Pattern.matches: the whole text. No captures are read, which also keeps the match data small.
    constexpr std::uint32_t options =
        PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    std::unique_ptr<pcre2_code, Free> code(
        pcre2_compile(units(pattern), pattern.size(), options, &error, &at, nullptr));
    if (!code) {
      std::array<unsigned char, 256> text{};
      pcre2_get_error_message(error, text.data(), text.size());
      throw std::logic_error("pattern " + pattern + ": " + reinterpret_cast<const char*>(text.data()) +
                             " at " + std::to_string(at));
    }
    // Where there is no JIT (hardened kernels, other processors) the interpreter does the same.
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
    return code;
  }

  std::unique_ptr<pcre2_match_data, Free> data_;
  std::unique_ptr<pcre2_match_context, Free> context_;
  std::unique_ptr<pcre2_jit_stack, Free> stack_;
  std::unordered_map<std::string_view, std::unique_ptr<pcre2_code, Free>> codes_;
};

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  thread_local Matcher matcher;
  return matcher.matches(pattern, text);
}

std::optional<bool> matches_foreign_pattern(std::string_view pattern, std::string_view text) {
  thread_local Matcher matcher;
  try {
    return matcher.matches_once(pattern, text);
  } catch (const std::logic_error&) {
    return std::nullopt;
  }
}

}  // namespace aviary::wire
