#include "rehearsal/yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <string>

namespace aviary::rehearsal {
namespace {

constexpr int deepest = 32;

Json scalar_of(const YAML::Node& node) {
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // it was quoted
  if (text == "true" || text == "false") return text == "true";
  if (text.empty() || text == "~" || text == "null") return nullptr;
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc{} && read.ptr == end)
    return whole;
  double number = 0;
  if (const auto read = std::from_chars(text.data(), end, number);
      read.ec == std::errc{} && read.ptr == end && number - number == 0)
    return number;
  return text;
}

Checked<Json> document_of(const YAML::Node& node, int depth) {
  if (depth > deepest) return Refusal{"It is nested too deeply."};
  switch (node.Type()) {
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const YAML::Node& entry : node) {
        Checked<Json> made = document_of(entry, depth + 1);
        if (!made) return made;
        list.push_back(std::move(*made));
      }
      return accepted(std::move(list));
    }
    case YAML::NodeType::Map: {
      Json map = Json::object();
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) return Refusal{"A key is not a text."};
        Checked<Json> made = document_of(entry.second, depth + 1);
        if (!made) return made;
        map[entry.first.Scalar()] = std::move(*made);
      }
      return accepted(std::move(map));
    }
    case YAML::NodeType::Scalar:
      return accepted(scalar_of(node));
    default:
      return accepted(Json(nullptr));
  }
}

}  // namespace

Checked<Json> read_yaml(std::string_view text) {
  try {
    return document_of(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& problem) {
    return Refusal{fmt::format("It is no YAML: {}", problem.what())};
  }
}

}  // namespace aviary::rehearsal
