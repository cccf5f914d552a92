#pragma once

#include "services/apigateway/api/execute_rest.hpp"

namespace aviary::apigateway {

/// One request on its way. Copies of what the stage serves: nothing here points into state.
struct RestExecute::Request {
  PayloadCall call;
  std::string region;
  std::string stage_path;  ///< `/prod/items`, as sent
  Json api;                ///< as it was deployed
  Json resource;           ///< without methods
  Json method;
  Json integration;
  Json authorizer;
  Json validator;
  Json certificate;  ///< the stage's, for servers behind it
  Json models;       ///< the schemas of the method's models, and those that they name
  Json responses;    ///< gateway responses that the API has of its own
  std::string arn;
  std::string deployment;
  std::string usage_key;  ///< as an authorizer said it
  std::vector<std::pair<std::string, std::string>> variables;
  TemplateInput input;  ///< for templates and mappings
};

/// What the API answers by itself; `message` empty: the usual one.
wire::Response gateway_response(const Json& responses, std::string_view type, std::string message,
                                const TemplateInput& input);
/// `200`; what is none is `otherwise`.
int status_number(std::string_view text, int otherwise);
/// Whether a type is among those that are binary: `image/png`, `image/*`, `*/*`.
bool is_binary_type(const Json& api, std::string_view content_type);

}  // namespace aviary::apigateway
