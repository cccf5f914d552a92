#include "services/logs/core/key_path.hpp"

#include <charconv>
#include <string>
#include <vector>

namespace aviary::logs {
namespace {

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps(1);
  for (const char c : path) {
    if (c == '.' || c == '[') {
      if (!steps.back().empty()) steps.emplace_back();
    } else if (c != ']') {
      steps.back().push_back(c);
    }
  }
  if (steps.size() > 1 && steps.back().empty()) steps.pop_back();
  return steps;
}

OrderedJson* step_into(OrderedJson& from, const std::string& step) {
  if (from.is_object()) {
    const auto found = from.find(step);
    return found == from.end() ? nullptr : &*found;
  }
  if (!from.is_array()) return nullptr;
  std::size_t index = 0;
  const auto [end, failed] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (failed != std::errc{} || end != step.data() + step.size() || index >= from.size()) return nullptr;
  return &from[index];
}

OrderedJson* walk(OrderedJson& root, const std::vector<std::string>& steps, std::size_t count) {
  OrderedJson* at = &root;
  for (std::size_t i = 0; i < count && at != nullptr; ++i) at = step_into(*at, steps[i]);
  return at;
}

}  // namespace

OrderedJson* find_key(OrderedJson& root, std::string_view path) {
  const std::vector<std::string> steps = steps_of(path);
  return walk(root, steps, steps.size());
}

void put_key(OrderedJson& root, std::string_view path, OrderedJson value, bool overwrite) {
  const std::vector<std::string> steps = steps_of(path);
  OrderedJson* at = &root;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    OrderedJson* next = step_into(*at, steps[i]);
    if (next == nullptr && at->is_object()) next = &((*at)[steps[i]] = OrderedJson::object());
    if (next == nullptr) return;
    at = next;
  }
  if (OrderedJson* there = step_into(*at, steps.back())) {
    if (overwrite) *there = std::move(value);
  } else if (at->is_object()) {
    (*at)[steps.back()] = std::move(value);
  }
}

bool erase_key(OrderedJson& root, std::string_view path) {
  const std::vector<std::string> steps = steps_of(path);
  OrderedJson* parent = walk(root, steps, steps.size() - 1);
  OrderedJson* there = parent == nullptr ? nullptr : step_into(*parent, steps.back());
  if (there == nullptr) return false;
  if (parent->is_object()) {
    parent->erase(steps.back());
  } else {
    parent->erase(static_cast<std::size_t>(there - &(*parent)[0]));
  }
  return true;
}

}  // namespace aviary::logs
