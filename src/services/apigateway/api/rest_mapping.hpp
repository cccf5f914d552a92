#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "services/apigateway/core/parameter_mapping.hpp"
#include "wire/message.hpp"

/// Non-proxy integrations: what goes in, and what comes out.
namespace aviary::apigateway {

struct MappedBody {
  std::string text{};
  std::string refusal{};  ///< the gateway response that says why there is none
};

/// The body as the integration's template makes it of the request, or as it is
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html).
MappedBody mapped_request(const Json& integration, std::string_view content_type, const TemplateInput& input);

/// The first integration response whose pattern matches all of `selector` (a function's error message, a
/// status), else the one without a pattern.
wire::Response mapped_response(const Json& integration, const IntegrationAnswer& answer,
                               const std::string& selector, std::string_view accept, const Json& responses,
                               const TemplateInput& input);

}  // namespace aviary::apigateway
