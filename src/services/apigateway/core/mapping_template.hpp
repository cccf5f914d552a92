#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

/// Mapping templates: the part of the Velocity Template Language that API Gateway's own documentation uses
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html): references, `#set`,
/// `#if`, `#foreach`, `#break`, `#stop`, expressions, methods of strings, lists and maps, `$input`, `$util`,
/// `$context`, `$stageVariables`. Not there: `#macro`, `#parse`, `#include`, `#evaluate`, `#define`.
namespace aviary::apigateway {

struct TemplateInput {
  std::string body;
  /// `{"path": {…}, "querystring": {…}, "header": {…}}`, by names
  OrderedJson params = OrderedJson::object();
  OrderedJson context = OrderedJson::object();
  OrderedJson stage_variables = OrderedJson::object();
};

struct Rendered {
  std::string text{};
  std::string problem{};                ///< why there is no text
  OrderedJson context_after = nullptr;  ///< `$context` at the end, with the overrides that were set
};

Rendered render_template(std::string_view source, const TemplateInput& input);
/// Why a template cannot be used; empty if it can. Needs no input.
std::string template_problem(std::string_view source);

}  // namespace aviary::apigateway
