#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "services/apigateway/core/mapping_template.hpp"

namespace aviary::apigateway {

/// What an integration answered, for mappings that read it.
struct IntegrationAnswer {
  int status = 200;
  OrderedJson headers = OrderedJson::object();  ///< by names in small letters
  std::string body{};
};

/// The value of a mapping expression: `'text'`, `method.request.header.a`, `method.request.body.a.b`,
/// `context.stage`, `stageVariables.a`, `integration.response.header.a`, `integration.response.body.a`
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html).
/// Nothing if there is no such value. `answer` is null before there is one.
std::optional<std::string> mapped_value(std::string_view expression, const TemplateInput& request,
                                        const IntegrationAnswer* answer = nullptr);

/// A value as text; nothing if it is null or not there.
std::optional<std::string> text_of_value(const std::optional<OrderedJson>& value);
/// The body itself, or what a path behind it names in it: `.a.b`, `[0]`.
std::optional<std::string> value_in_body(const std::string& body, std::string_view path);

}  // namespace aviary::apigateway
