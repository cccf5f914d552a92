#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

/// Parameter mappings of HTTP APIs: `append:header.a`, `overwrite:path`, `remove:querystring.b`,
/// `overwrite:statuscode`, each with a text whose variables are `$request.header.a` or `${context.stage}`
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html).
namespace aviary::apigateway {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// What mappings may change of a request or of an answer.
struct Changeable {
  NamedTexts headers{};
  NamedTexts query{};  ///< decoded
  std::string path{};
  int status = 0;
  bool query_changed = false;
  bool path_changed = false;
};

/// The value of `request.header.a`, `context.stage`, …; nothing if there is none.
using MappingVariables = std::function<std::optional<std::string>(std::string_view variable)>;

/// The text with its variables filled in; a variable that has no value becomes nothing.
std::string mapped_text(std::string_view expression, const MappingVariables& variables);

/// Applies all. What comes out empty is neither appended nor written.
void apply_changes(const Json& mappings, const MappingVariables& variables, Changeable& changed);

/// Why mappings of requests, or of answers, may not be; empty if they may.
std::string changes_problem(const Json& mappings, bool of_answer);

/// Headers that no mapping may touch, in any case: `Authorization`, `x-amz-…`
bool is_reserved_header(std::string_view name);

}  // namespace aviary::apigateway
