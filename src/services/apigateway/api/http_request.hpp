#pragma once

#include "services/apigateway/api/execute.hpp"

namespace aviary::apigateway {

/// One request to an HTTP API on its way. Copies: nothing here points into state.
struct Execute::Request {
  PayloadCall call;
  Json api;
  Json route;
  Json integration;
  Json authorizer;
  std::string resource;  ///< the route's path, for format 1.0
  std::string within;    ///< the path without the stage, as sent
  std::string arn;       ///< `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path`
  std::vector<std::pair<std::string, std::string>> variables;
};

/// What an API answers by itself: `{"message": "…"}`.
wire::Response api_answer(int status, std::string_view message);

}  // namespace aviary::apigateway
