#include "services/apigateway/api/rest_mapping.hpp"

#include <algorithm>

#include "base/document.hpp"
#include "base/log.hpp"
#include "services/apigateway/api/rest_request.hpp"
#include "wire/pattern.hpp"

namespace aviary::apigateway {
namespace {

std::string plain_type(std::string_view type) {
  std::string plain(type.substr(0, type.find(';')));
  while (plain.ends_with(' ')) plain.pop_back();
  return plain.empty() ? "application/json" : plain;
}

const Json* response_for(const Json& integration, const std::string& selector) {
  const Json* all = find_member(integration, "integrationResponses");
  if (all == nullptr || !all->is_object()) return nullptr;
  const Json* usual = nullptr;
  for (const Json& each : *all) {
    const std::string& pattern = text_of(each, "selectionPattern");
    if (pattern.empty())
      usual = usual == nullptr ? &each : usual;
    else if (!selector.empty() && wire::matches_foreign_pattern(pattern, selector).value_or(false))
      return &each;
  }
  return usual;
}

/// The template for what the caller accepts, else the one for JSON, else the first.
Json::const_iterator template_for(const Json& templates, std::string_view accept) {
  const auto wanted = templates.find(std::string(accept.substr(0, accept.find_first_of(",;"))));
  if (wanted != templates.end()) return wanted;
  const auto usual = templates.find("application/json");
  return usual != templates.end() ? usual : templates.begin();
}

/// `$context.responseOverride`, as the template left it.
void apply_overrides(const OrderedJson& context, wire::Response& response) {
  if (!context.is_object() || !context.contains("responseOverride")) return;
  const OrderedJson& said = context["responseOverride"];
  if (!said.is_object()) return;
  if (const auto status = said.find("status"); status != said.end() && status->is_number_integer()) {
    const auto code = status->get<std::int64_t>();
    if (code >= 100 && code <= 599) response.status = static_cast<int>(code);
  }
  if (const auto headers = said.find("header"); headers != said.end() && headers->is_object())
    for (const auto& [name, value] : headers->items()) {
      std::erase_if(response.headers, [&key = name](const auto& header) {
        return wire::equals_ignoring_case(header.first, key);
      });
      response.set(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
}

}  // namespace

MappedBody mapped_request(const Json& integration, std::string_view content_type,
                          const TemplateInput& input) {
  const Json templates = integration.value("requestTemplates", Json::object());
  const auto found = templates.find(plain_type(content_type));
  if (found != templates.end() && found->is_string()) {
    Rendered rendered = render_template(found->get<std::string>(), input);
    if (rendered.problem.empty()) return {.text = std::move(rendered.text)};
    log::warn("A request template cannot be rendered: {}", rendered.problem);
    return {.refusal = "API_CONFIGURATION_ERROR"};
  }
  const std::string& behavior = text_of(integration, "passthroughBehavior");
  if (behavior == "NEVER" || (behavior == "WHEN_NO_TEMPLATES" && !templates.empty()))
    return {.refusal = "UNSUPPORTED_MEDIA_TYPE"};
  return {.text = input.body};
}

wire::Response mapped_response(const Json& integration, const IntegrationAnswer& answer,
                               const std::string& selector, std::string_view accept, const Json& responses,
                               const TemplateInput& input) {
  const Json* chosen = response_for(integration, selector);
  if (chosen == nullptr) return gateway_response(responses, "API_CONFIGURATION_ERROR", {}, input);
  wire::Response response;
  response.status = status_number(text_of(*chosen, "statusCode"), 200);
  std::string content_type = "application/json";
  response.body = answer.body;
  OrderedJson context_after;
  const Json templates = chosen->value("responseTemplates", Json::object());
  if (!templates.empty()) {
    const auto found = template_for(templates, accept);
    content_type = found.key();
    // An empty template passes on what the integration answered.
    if (found->is_string() && !found->get_ref<const std::string&>().empty()) {
      TemplateInput with_answer = input;
      with_answer.body = answer.body;
      Rendered rendered = render_template(found->get<std::string>(), with_answer);
      if (!rendered.problem.empty()) {
        log::warn("A response template cannot be rendered: {}", rendered.problem);
        return gateway_response(responses, "API_CONFIGURATION_ERROR", {}, input);
      }
      response.body = std::move(rendered.text);
      context_after = std::move(rendered.context_after);
    }
  }
  const Json parameters = chosen->value("responseParameters", Json::object());
  for (const auto& [target, source] : parameters.items()) {
    constexpr std::string_view header = "method.response.header.";
    if (!target.starts_with(header) || !source.is_string()) continue;
    const std::optional<std::string> value = mapped_value(source.get<std::string>(), input, &answer);
    if (!value) continue;
    if (wire::equals_ignoring_case(target.substr(header.size()), "content-type"))
      content_type = *value;
    else
      response.set(target.substr(header.size()), *value);
  }
  response.set("Content-Type", content_type);
  apply_overrides(context_after, response);
  return response;
}

}  // namespace aviary::apigateway
