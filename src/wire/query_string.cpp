#include "wire/query_string.hpp"

#include "base/encoding.hpp"

namespace aviary::wire {
namespace {

std::string decoded(std::string_view text) {
  if (text.find_first_of("%+") == std::string_view::npos) return std::string(text);
  if (auto bytes = percent_decode(text, true)) return std::move(*bytes);
  return std::string(text);
}

/// Calls `visit(key, value)` with raw views until it says false.
template <class Visit>
void each_pair(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (!visit(pair.substr(0, equals), value)) return;
  }
}

}  // namespace

Parameters parse_parameters(std::string_view text) {
  Parameters parameters;
  each_pair(text, [&](std::string_view key, std::string_view value) {
    parameters.emplace_back(decoded(key), decoded(value));
    return true;
  });
  return parameters;
}

const std::string* find_parameter(const Parameters& parameters, std::string_view key) {
  for (const auto& [name, value] : parameters)
    if (name == key) return &value;
  return nullptr;
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  std::optional<std::string> found;
  each_pair(query, [&](std::string_view name, std::string_view value) {
    if (name == key) found = decoded(value);
    return !found.has_value();
  });
  return found;
}

}  // namespace aviary::wire
