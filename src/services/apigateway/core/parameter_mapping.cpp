#include "services/apigateway/core/parameter_mapping.hpp"

#include "base/bounded_json.hpp"
#include "services/apigateway/core/json_path.hpp"
#include "services/apigateway/core/template_methods.hpp"

namespace aviary::apigateway {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string> named(const OrderedJson& map, std::string_view name) {
  const auto found = map.find(std::string(name));
  return found == map.end() ? std::nullopt : text_of_value(*found);
}

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::optional<std::string> header_of(const OrderedJson& headers, std::string_view name) {
  for (const auto& [key, value] : headers.items())
    if (small(key) == small(name)) return text_of_value(value);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> text_of_value(const std::optional<OrderedJson>& value) {
  if (!value || value->is_null()) return std::nullopt;
  return value->is_structured() ? value->dump(-1, ' ', false, OrderedJson::error_handler_t::replace)
                                : template_text(*value);
}

std::optional<std::string> value_in_body(const std::string& body, std::string_view path) {
  if (path.empty()) return body;
  const OrderedJson document = parse_bounded<OrderedJson>(body);
  if (document.is_discarded()) return std::nullopt;
  return text_of_value(find_by_path(document, "$" + std::string(path)));
}

std::optional<std::string> mapped_value(std::string_view expression, const TemplateInput& request,
                                        const IntegrationAnswer* answer) {
  if (expression.size() > 1 && expression.front() == '\'' && expression.back() == '\'')
    return std::string(expression.substr(1, expression.size() - 2));
  std::string_view rest = expression;
  const auto in = [&](const char* place) -> const OrderedJson& {
    static const OrderedJson none = OrderedJson::object();
    const auto found = request.params.find(place);
    return found == request.params.end() ? none : *found;
  };
  if (take_prefix(rest, "method.request.header.") || take_prefix(rest, "method.request.multivalueheader."))
    return header_of(in("header"), rest);
  if (take_prefix(rest, "method.request.querystring.") ||
      take_prefix(rest, "method.request.multivaluequerystring."))
    return named(in("querystring"), rest);
  if (take_prefix(rest, "method.request.path.")) return named(in("path"), rest);
  if (take_prefix(rest, "method.request.body")) return value_in_body(request.body, rest);
  if (take_prefix(rest, "context."))
    return text_of_value(find_by_path(request.context, "$." + std::string(rest)));
  if (take_prefix(rest, "stageVariables.")) return named(request.stage_variables, rest);
  if (answer == nullptr) return std::nullopt;
  if (take_prefix(rest, "integration.response.header.") ||
      take_prefix(rest, "integration.response.multivalueheader."))
    return header_of(answer->headers, rest);
  if (take_prefix(rest, "integration.response.body")) return value_in_body(answer->body, rest);
  return std::nullopt;
}

}  // namespace aviary::apigateway
