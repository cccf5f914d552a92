#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "models/apigatewayv2.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/parameter_changes.hpp"
#include "services/apigateway/core/routing_rules.hpp"

/// Routing rules of domain names: by headers and base paths to stages of REST APIs.
namespace aviary::apigateway {
namespace {

namespace errors = models::apigatewayv2::errors;

constexpr std::size_t usual_page = 100;
/// https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-routing-rules.html
constexpr std::size_t most_header_conditions = 2;
constexpr std::size_t longest_header = 40;
constexpr std::size_t longest_glob = 128;

AwsError bad_rule(std::string text) { return {errors::BadRequestException, std::move(text)}; }

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_header && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

/// Stars only at the ends.
bool is_glob(std::string_view glob) {
  if (glob.empty() || glob.size() > longest_glob) return false;
  if (glob.front() == '*') glob.remove_prefix(1);
  if (!glob.empty() && glob.back() == '*') glob.remove_suffix(1);
  return glob.find('*') == std::string_view::npos;
}

Result<> check_header(const Json& header) {
  const std::string& name = text_of(header, "Header");
  if (!is_header_name(name)) return bad_rule(fmt::format("Invalid header name specified: {}", name));
  if (is_reserved_header(name))
    return bad_rule(fmt::format("Header {} is not supported in routing rule conditions", name));
  const std::string& glob = text_of(header, "ValueGlob");
  if (!is_glob(glob)) return bad_rule(fmt::format("Invalid header value glob specified: {}", glob));
  return {};
}

Result<> check_conditions(const Json& conditions) {
  std::size_t headers = 0;
  std::size_t paths = 0;
  for (const Json& condition : conditions) {
    const Json* header = find_member(condition, "MatchHeaders");
    const Json* path = find_member(condition, "MatchBasePaths");
    if ((header == nullptr) == (path == nullptr))
      return bad_rule("A routing rule condition must be either MatchHeaders or MatchBasePaths");
    const Json& any = (header != nullptr ? header : path)->at("AnyOf");
    if (any.size() != 1) return bad_rule("AnyOf of a routing rule condition must have exactly one entry");
    if (header != nullptr) {
      ++headers;
      if (const Result<> fine = check_header(any[0]); !fine) return fine;
      continue;
    }
    ++paths;
    if (!any[0].is_string() || any[0] == "" || !is_mapping_key(any[0].get<std::string>()))
      return bad_rule("Invalid base path specified in a routing rule condition");
  }
  if (headers > most_header_conditions || paths > 1)
    return bad_rule(
        "A routing rule can have up to two MatchHeaders conditions and one MatchBasePaths condition");
  return {};
}

}  // namespace

/// The rule that a call describes, or why there cannot be such a one. `id` is empty for a new one.
Result<Json> HttpApiService::rule_in(const Call& call, const Json& domain, const std::string& id) const {
  const Json conditions = call.input.value("Conditions", Json::array());
  const Json actions = call.input.value("Actions", Json::array());
  if (const Result<> fine = check_conditions(conditions); !fine) return fine.error();
  if (actions.size() != 1) return bad_rule("A routing rule must have exactly one action");
  const Json action = actions[0].value("InvokeApi", Json::object());
  const std::string& api = text_of(action, "ApiId");
  switch (domains_.kind_of(call.account, call.region, api)) {
    case Domains::Kind::None:
      return bad_rule("Invalid API identifier specified");
    case Domains::Kind::Http:
      return bad_rule("Only REST APIs are supported as target APIs for routing rules");
    case Domains::Kind::Rest:
      break;
  }
  if (!domains_.has_stage(api, text_of(action, "Stage")))
    return bad_rule("Invalid stage identifier specified");
  const std::string& name = text_of(domain, "name");
  const auto priority = call.input.value("Priority", std::int64_t{0});
  for (const Json* other : domains_.rules(name))
    if (other->value("Priority", std::int64_t{0}) == priority && text_of(*other, "RoutingRuleId") != id)
      return AwsError(
          errors::ConflictException,
          fmt::format("A routing rule with priority {} already exists for this domain name", priority));
  const std::string own = id.empty() ? new_id(ids_, 10) : id;
  return Json{{"RoutingRuleId", own},
              {"RoutingRuleArn", fmt::format("arn:aws:apigateway:{}:{}:/domainnames/{}/routingrules/{}",
                                             call.region, call.account, name, own)},
              {"Actions", actions},
              {"Conditions", conditions},
              {"Priority", priority}};
}

Result<Reply> HttpApiService::create_rule(Call& call) {
  const Result<Json> domain = domain_of(call);
  if (!domain) return domain.error();
  Result<Json> rule = rule_in(call, *domain, {});
  if (!rule) return rule.error();
  domains_.put_rule(text_of(*domain, "name"), *rule);
  return Reply{.output = std::move(*rule)};
}

Result<Json> HttpApiService::rule_of(const Call& call) const {
  const Result<Json> domain = domain_of(call);
  if (!domain) return domain.error();
  const Json* found = domains_.find_rule(text_of(*domain, "name"), text_of(call.input, "RoutingRuleId"));
  if (found == nullptr)
    return AwsError(errors::NotFoundException, "Invalid routing rule identifier specified");
  return *found;
}

Result<Reply> HttpApiService::get_rule(Call& call) {
  Result<Json> rule = rule_of(call);
  if (!rule) return rule.error();
  return Reply{.output = std::move(*rule)};
}

Result<Reply> HttpApiService::list_rules(Call& call) {
  const Result<Json> domain = domain_of(call);
  if (!domain) return domain.error();
  const std::vector<const Json*> rules = domains_.rules(text_of(*domain, "name"));
  const std::string& token = text_of(call.input, "NextToken");
  auto at = rules.begin();
  if (!token.empty()) {
    at = std::ranges::find_if(rules,
                              [&](const Json* rule) { return text_of(*rule, "RoutingRuleId") == token; });
    if (at == rules.end()) return bad_rule("Invalid NextToken specified");
  }
  const auto most = call.input.value("MaxResults", usual_page);
  Reply reply{.output = {{"RoutingRules", Json::array()}}};
  for (; at != rules.end(); ++at) {
    if (reply.output["RoutingRules"].size() == most) {
      reply.output["NextToken"] = text_of(**at, "RoutingRuleId");
      break;
    }
    reply.output["RoutingRules"].push_back(**at);
  }
  return reply;
}

Result<Reply> HttpApiService::put_rule(Call& call) {
  const Result<Json> before = rule_of(call);
  if (!before) return before.error();
  const Result<Json> domain = domain_of(call);
  Result<Json> rule = rule_in(call, *domain, text_of(*before, "RoutingRuleId"));
  if (!rule) return rule.error();
  domains_.put_rule(text_of(*domain, "name"), *rule);
  return Reply{.output = std::move(*rule)};
}

Result<Reply> HttpApiService::delete_rule(Call& call) {
  const Result<Json> rule = rule_of(call);
  if (!rule) return rule.error();
  domains_.erase_rule(text_of(call.input, "DomainName"), text_of(*rule, "RoutingRuleId"));
  return Reply{};
}

}  // namespace aviary::apigateway
