#include "services/ssm/core/document_text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "base/bounded_json.hpp"
#include "models/ssm.hpp"

namespace aviary::ssm {
namespace {

constexpr int deepest = 60;
/// Anchors let a few lines stand for any number of nodes.
constexpr int most_nodes = 50'000;

AwsError not_well_formed(std::string_view format, std::size_t line, std::size_t column) {
  return {models::ssm::errors::InvalidDocumentContent,
          fmt::format("{} not well-formed. at Line: {}, Column: {}", format, line, column)};
}

/// A plain scalar is what it looks like; a quoted one is a text.
Json scalar_of(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() != "?") return text;
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  if (text == "~" || text == "null") return nullptr;
  Json number = parse_bounded<Json>(text);
  return number.is_number() ? number : Json(text);
}

std::optional<Json> json_of(const YAML::Node& node, int depth, int& left) {
  if (depth > deepest || --left < 0) return std::nullopt;
  if (node.IsMap()) {
    Json map = Json::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return std::nullopt;
      std::optional<Json> value = json_of(entry.second, depth + 1, left);
      if (!value) return std::nullopt;
      map[entry.first.Scalar()] = std::move(*value);
    }
    return map;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& each : node) {
      std::optional<Json> value = json_of(each, depth + 1, left);
      if (!value) return std::nullopt;
      list.push_back(std::move(*value));
    }
    return list;
  }
  return node.IsScalar() ? scalar_of(node) : Json();
}

Result<Json> parse_yaml(const std::string& text) {
  try {
    int left = most_nodes;
    std::optional<Json> document = json_of(YAML::Load(text), 0, left);
    if (!document) return not_well_formed("YAML", 1, 1);
    return std::move(*document);
  } catch (const YAML::Exception& problem) {
    return not_well_formed("YAML", static_cast<std::size_t>(std::max(problem.mark.line, 0)) + 1,
                           static_cast<std::size_t>(std::max(problem.mark.column, 0)) + 1);
  }
}

Result<Json> parse_json(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > deepest) return not_well_formed("JSON", 1, 1);
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& problem) {
    const std::string_view before =
        std::string_view(text).substr(0, problem.byte == 0 ? 0 : problem.byte - 1);
    const std::size_t line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const std::size_t start = before.rfind('\n');
    return not_well_formed("JSON", line,
                           before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1);
  }
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, each] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, each);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& each : value) emit(out, each);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    // Quoted, or it might be read as something else.
    out << YAML::DoubleQuoted << value.get_ref<const std::string&>();
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

}  // namespace

Result<Json> parse_document(const std::string& text, std::string_view format) {
  return format == "YAML" ? parse_yaml(text) : parse_json(text);
}

std::string document_text(const Json& document, std::string_view format) {
  if (format != "YAML") return document.dump(2, ' ', false, Json::error_handler_t::replace);
  YAML::Emitter out;
  emit(out, document);
  return out.c_str();
}

}  // namespace aviary::ssm
