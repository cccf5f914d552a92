#include "services/cloudwatch/core/metric_id.hpp"

#include <algorithm>

namespace aviary::cloudwatch {

constexpr char separator = '\x01';

std::string MetricId::key() const {
  std::size_t size = metric_namespace.size() + name.size() + 2;
  for (const auto& [dimension_name, value] : dimensions) size += dimension_name.size() + value.size() + 2;
  std::string text;
  text.reserve(size);
  text += metric_namespace;
  text += separator;
  text += name;
  text += separator;
  for (const auto& [dimension_name, value] : dimensions) {
    text += dimension_name;
    text += separator;
    text += value;
    text += separator;
  }
  return text;
}

MetricId MetricId::from_key(std::string_view key) {
  const auto take = [&key] {
    const std::size_t end = key.find(separator);
    std::string part(key.substr(0, end));
    key.remove_prefix(end == std::string_view::npos ? key.size() : end + 1);
    return part;
  };
  MetricId id;
  id.metric_namespace = take();
  id.name = take();
  while (!key.empty()) {
    std::string dimension_name = take();
    id.dimensions.emplace_back(std::move(dimension_name), take());
  }
  return id;
}

void MetricId::sort() { std::ranges::sort(dimensions); }

const std::string* MetricId::dimension(std::string_view dimension_name) const {
  for (const auto& [known, value] : dimensions)
    if (known == dimension_name) return &value;
  return nullptr;
}

}  // namespace aviary::cloudwatch
