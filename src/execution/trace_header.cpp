#include "execution/trace_header.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary::execution {
namespace {

constexpr double share_of_others = 0.05;
/// Functions that are remembered: more than these were not called within one second.
constexpr std::size_t most_functions = 10'000;

bool all_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

TraceHeader TraceHeader::parse(std::string_view text) {
  TraceHeader header;
  while (!text.empty()) {
    const std::size_t end = text.find(';');
    std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (field.starts_with(' ')) field.remove_prefix(1);
    if (field.starts_with("Root=")) {
      header.root = field.substr(5);
    } else if (field.starts_with("Parent=")) {
      header.parent = field.substr(7);
    } else if (field.starts_with("Sampled=")) {
      if (field == "Sampled=1") header.sampled = true;
      if (field == "Sampled=0") header.sampled = false;
    } else if (!field.empty()) {
      if (!header.rest.empty()) header.rest += ';';
      header.rest += field;
    }
  }
  return header;
}

std::string TraceHeader::text() const {
  std::string text = "Root=" + root;
  if (!parent.empty()) text += ";Parent=" + parent;
  if (sampled) text += *sampled ? ";Sampled=1" : ";Sampled=0";
  if (!rest.empty()) text += ';' + rest;
  return text;
}

bool good_root(std::string_view root) {
  return root.size() == 35 && root.starts_with("1-") && root[10] == '-' && all_hex(root.substr(2, 8)) &&
         all_hex(root.substr(11));
}

bool good_segment_id(std::string_view id) { return id.size() == 16 && all_hex(id); }

bool TraceSampler::sample(const std::string& function, Instant now, double chance) {
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (seconds_.size() >= most_functions && !seconds_.contains(function)) seconds_.clear();
  const auto [last, first_ever] = seconds_.try_emplace(function, second);
  if (first_ever || last->second != second) {
    last->second = second;
    return true;
  }
  return chance < share_of_others;
}

}  // namespace aviary::execution
