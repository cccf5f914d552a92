#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "gateway/service.hpp"
#include "ports/random.hpp"

/// What is kept of a domain name, and how both APIs show it. Members: `name`, `type` (`EDGE`, `REGIONAL`),
/// `certificate` (ARN), `certificate_name`, `uploaded` (seconds), `target` (where its DNS record would
/// point), `zone`, `security`, `ip`, `ownership`, `truststore` (MutualTlsAuthentication, as v2 spells it),
/// `routing`, `tags`, and `_account`, `_region`.
namespace aviary::apigateway {

/// A record of what both have: where it points is chosen by its type.
Json new_domain(const Call& call, Random& ids, std::string name, std::string_view type);
/// As `GetDomainName` of API Gateway v1 answers.
Json rest_domain(const Json& record);
/// As that of v2.
Json http_domain(const Json& record);

}  // namespace aviary::apigateway
