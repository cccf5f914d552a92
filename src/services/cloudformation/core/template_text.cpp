#include "services/cloudformation/core/template_text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "base/encoding.hpp"

namespace aviary::cloudformation {
namespace {

constexpr std::size_t most_template_levels = 2000;
constexpr std::size_t most_template_bytes = 1'048'576;  ///< of a template in S3; the limit of AWS
constexpr ErrorShape validation_shape{"ValidationError", 400, Fault::Sender, "Message", false};

AwsError format_error(std::string_view text) {
  return validation_error(fmt::format("Template format error: {}", text));
}

/// Why a document was given up; thrown inside the YAML parser only, which knows no other way to stop.
struct Refused {
  std::string text;
};

struct ShortForm {
  std::string_view tag;
  std::string_view function;
};
constexpr std::array short_forms{ShortForm{"!Ref", "Ref"},
                                 ShortForm{"!Condition", "Condition"},
                                 ShortForm{"!GetAtt", "Fn::GetAtt"},
                                 ShortForm{"!Sub", "Fn::Sub"},
                                 ShortForm{"!Join", "Fn::Join"},
                                 ShortForm{"!Select", "Fn::Select"},
                                 ShortForm{"!Split", "Fn::Split"},
                                 ShortForm{"!If", "Fn::If"},
                                 ShortForm{"!Equals", "Fn::Equals"},
                                 ShortForm{"!And", "Fn::And"},
                                 ShortForm{"!Or", "Fn::Or"},
                                 ShortForm{"!Not", "Fn::Not"},
                                 ShortForm{"!FindInMap", "Fn::FindInMap"},
                                 ShortForm{"!ImportValue", "Fn::ImportValue"},
                                 ShortForm{"!Base64", "Fn::Base64"},
                                 ShortForm{"!Cidr", "Fn::Cidr"},
                                 ShortForm{"!GetAZs", "Fn::GetAZs"},
                                 ShortForm{"!Transform", "Fn::Transform"},
                                 ShortForm{"!ToJsonString", "Fn::ToJsonString"},
                                 ShortForm{"!Length", "Fn::Length"},
                                 ShortForm{"!Contains", "Fn::Contains"}};

/// A plain scalar by YAML's core schema. Dates stay text, and so do numbers with leading zeros: an account
/// id.
Json plain_value(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string_view digits = std::string_view(text).substr(text[0] == '-' || text[0] == '+' ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return text;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return text;
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t number = 0;
    const char* first = text.data() + (text[0] == '+' ? 1 : 0);
    const auto [end, problem] = std::from_chars(first, text.data() + text.size(), number);
    if (problem == std::errc{} && end == text.data() + text.size()) return number;
    return text;
  }
  if (digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return text;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() + text.size() && std::isfinite(number)) return number;
  return text;
}

/// `a.b.c` of a short GetAtt: the resource and its attribute.
Json attribute_pair(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos)
    throw Refused{
        "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute"};
  return Json::array({text.substr(0, dot), text.substr(dot + 1)});
}

Json with_tag(const std::string& tag, Json value) {
  if (tag.empty() || tag == "?" || tag == "!") return value;
  constexpr std::string_view standard = "tag:yaml.org,2002:";
  static constexpr std::array kinds{"str", "int", "float", "bool", "null", "map", "seq", "timestamp"};
  if (tag.starts_with(standard) && std::ranges::find(kinds, tag.substr(standard.size())) != kinds.end())
    return value;
  const auto form = std::ranges::find(short_forms, tag, &ShortForm::tag);
  if (form == short_forms.end())
    throw Refused{fmt::format("could not determine a constructor for the tag {}", tag)};
  if (form->function == "Fn::GetAtt" && value.is_string()) value = attribute_pair(value.get<std::string>());
  return Json{{std::string(form->function), std::move(value)}};
}

class TemplateBuilder final : public YAML::EventHandler {
 public:
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { put(nullptr); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {
    throw Refused{"YAML aliases are not allowed in CloudFormation templates"};
  }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    if (!is_utf8(text)) throw Refused{"the template is not UTF-8"};
    if (tag == "?") {
      // Keys are text, whatever they look like.
      put(expects_key() ? Json(text) : plain_value(text));
    } else {
      put(with_tag(tag, text));
    }
  }
  void OnSequenceStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(tag, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark&, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(tag, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::string tag;
    Json value;
    std::string key;
    bool has_key = false;
  };

  bool expects_key() const {
    return !stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key;
  }
  void open(const std::string& tag, Json empty) {
    if (stack_.size() >= most_template_levels) throw Refused{"the template is nested too deeply"};
    if (expects_key()) throw Refused{"keys must be strings"};
    stack_.push_back({tag, std::move(empty), {}, false});
  }
  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    put(with_tag(done.tag, std::move(done.value)));
  }
  void put(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& top = stack_.back();
    if (top.value.is_array()) {
      top.value.push_back(std::move(value));
    } else if (!top.has_key) {
      top.key = value.is_string() ? value.get<std::string>() : value.dump();
      if (top.value.contains(top.key)) throw Refused{fmt::format("duplicate key '{}'", top.key)};
      top.has_key = true;
    } else {
      top.value[top.key] = std::move(value);
      top.has_key = false;
    }
  }

  std::vector<Open> stack_;
  Json root_;
};

Result<Json> parse_yaml(std::string_view text) {
  TemplateBuilder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return format_error("unsupported structure.");
  } catch (const Refused& refused) {
    return format_error(refused.text);
  } catch (const YAML::Exception& problem) {
    return format_error(fmt::format("YAML not well-formed. (line {}, column {})", problem.mark.line + 1,
                                    problem.mark.column + 1));
  }
  return builder.take();
}

Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const Json::parser_callback_t bound = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > static_cast<int>(most_template_levels);
    return !too_deep;
  };
  Json document = Json::parse(text, bound, false);
  if (too_deep) return format_error("the template is nested too deeply");
  if (document.is_discarded()) return format_error("JSON not well-formed.");
  return document;
}

}  // namespace

AwsError validation_error(std::string text) { return {validation_shape, std::move(text)}; }

Result<Json> parse_template(std::string_view text) {
  if (text.size() > most_template_bytes)
    return validation_error(fmt::format("Template may not exceed {} bytes in size.", most_template_bytes));
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return format_error("unsupported structure.");
  // What begins as JSON may still be YAML in flow style.
  Result<Json> document = text[first] == '{' ? parse_json(text) : parse_yaml(text);
  if (!document && text[first] == '{')
    if (Result<Json> flow = parse_yaml(text)) document = std::move(flow);
  if (!document) return document;
  if (!document->is_object()) return format_error("unsupported structure.");
  return document;
}

}  // namespace aviary::cloudformation
