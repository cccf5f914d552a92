#include "services/ssm/core/allowed_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <memory>

namespace aviary::ssm {
namespace {

constexpr std::uint32_t most_steps = 200'000;

struct FreePattern {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

PCRE2_SPTR code_units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

}  // namespace

PatternVerdict match_allowed_pattern(std::string_view pattern, std::string_view value) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code, FreePattern> code(
      pcre2_compile(code_units(pattern), pattern.size(), PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED,
                    &error, &at, nullptr));
  if (!code) return PatternVerdict::NoPattern;
  const std::unique_ptr<pcre2_match_data, FreePattern> data(
      pcre2_match_data_create_from_pattern(code.get(), nullptr));
  const std::unique_ptr<pcre2_match_context, FreePattern> context(pcre2_match_context_create(nullptr));
  if (!data || !context) return PatternVerdict::Differs;
  pcre2_set_match_limit(context.get(), most_steps);
  pcre2_set_depth_limit(context.get(), most_steps);
  const int found = pcre2_match(code.get(), code_units(value), value.size(), 0, 0, data.get(), context.get());
  return found >= 0 ? PatternVerdict::Matches : PatternVerdict::Differs;
}

}  // namespace aviary::ssm
