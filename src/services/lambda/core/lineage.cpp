#include "services/lambda/core/lineage.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <vector>

namespace aviary::lambda {
namespace {

constexpr std::uint32_t most_runs = 16;
constexpr std::size_t most_functions = 32;  ///< the header stays short; the oldest entries go
constexpr std::string_view field = "Lineage=";

/// FNV-1a: short, and the same on every machine.
std::string hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format(FMT_COMPILE("{:08x}"), hash);
}

std::vector<std::string_view> split_at(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace

std::optional<std::string> extended_lineage(std::string_view trace, std::string_view function_arn) {
  const std::string own = hash_of(function_arn);
  std::string rest;
  std::vector<std::string> entries;
  std::uint32_t runs = 0;
  for (const std::string_view part : split_at(trace, ';')) {
    if (!part.starts_with(field)) {
      if (part.empty()) continue;
      if (!rest.empty()) rest += ';';
      rest += part;
      continue;
    }
    for (const std::string_view entry : split_at(part.substr(field.size()), '|')) {
      if (entry.starts_with(own) && entry.size() > own.size() && entry[own.size()] == ':') {
        const std::string_view count = entry.substr(own.size() + 1);
        std::from_chars(count.data(), count.data() + count.size(), runs);
      } else if (entry.find(':') != std::string_view::npos) {
        entries.emplace_back(entry);
      }
    }
  }
  if (runs >= most_runs) return std::nullopt;
  if (entries.size() >= most_functions) entries.erase(entries.begin());
  if (!rest.empty()) rest += ';';
  rest += field;
  for (const std::string& entry : entries) (rest += entry) += '|';
  rest += own;
  return fmt::format(FMT_COMPILE("{}:{}"), rest, runs + 1);
}

}  // namespace aviary::lambda
