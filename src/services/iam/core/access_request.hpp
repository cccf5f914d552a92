#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What policies are asked: may somebody do this to that, under these circumstances.
namespace aviary::iam {

/// Names of actions and of condition keys are the same in any case.
constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
inline bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, small_letter, small_letter);
}
struct AnyCase {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return std::ranges::lexicographical_compare(a, b, {}, small_letter, small_letter);
  }
};

/// The request's context: what conditions and policy variables may name. A key that is absent has no entry.
using ContextKeys = std::map<std::string, std::vector<std::string>, AnyCase>;

struct AccessRequest {
  std::string action;    ///< `lambda:InvokeFunction`
  std::string resource;  ///< an ARN, or `*`
  ContextKeys context{};
};

}  // namespace aviary::iam
