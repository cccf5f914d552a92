#include "wire/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <memory>
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
    const std::size_t steps = std::min(steps_at_least + steps_a_byte * text.size(), steps_at_most);
    pcre2_set_match_limit(context_.get(), static_cast<std::uint32_t>(steps));
    int result = pcre2_match(code, units(text), text.size(), 0, 0, data_.get(), context_.get());
    // The interpreter keeps its stack on the heap, so it may still get through.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT)
      result = pcre2_match(code, units(text), text.size(), 0, PCRE2_NO_JIT, data_.get(), context_.get());
    return result >= 0;
  }

 private:
  static std::unique_ptr<pcre2_code, Free> compile(std::string_view pattern) {
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
      throw std::logic_error("pattern " + std::string(pattern) + ": " +
                             reinterpret_cast<const char*>(text.data()) + " at " + std::to_string(at));
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

}  // namespace aviary::wire
