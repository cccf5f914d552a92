#include "wire/message.hpp"

namespace aviary::wire {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view Request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (equals_ignoring_case(key, name)) return value;
  return {};
}

bool Request::has_header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (equals_ignoring_case(key, name)) return true;
  return false;
}

std::string_view Request::path() const noexcept { return target.substr(0, target.find('?')); }

std::string_view Request::query() const noexcept {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

}  // namespace aviary::wire
