#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/entities.hpp"

namespace aviary::apigateway {

struct HttpDependencies {
  Random& ids;
  Journal& journal;
  std::string port;  ///< of the addresses that APIs tell: `4566`
  Domains& domains;
};

/// One kind of what an HTTP API has: routes, integrations, …
struct HttpKind;

/// API Gateway v2 as the gateway sees it: HTTP APIs. What is deployed is what `execute.hpp` serves.
class HttpApiService final : public TableService<HttpApiService> {
 public:
  explicit HttpApiService(HttpDependencies dependencies);

  static OperationTable<HttpApiService> operations();
  void restore() override { entities_.restore(); }
  void reset() override { entities_.clear(); }
  Json counts() const override { return {{"apis", entities_.below("apis/").size()}}; }

  const Entities& entities() const noexcept { return entities_; }

 private:
  // http_apis.cpp
  Result<Reply> create_api(Call& call);
  Result<Reply> import_api(Call& call);
  Result<Reply> get_api(Call& call);
  Result<Reply> get_apis(Call& call);
  Result<Reply> update_api(Call& call);
  Result<Reply> delete_api(Call& call);
  Result<Reply> delete_cors(Call& call);
  Result<Reply> get_tags(Call& call);
  Result<Reply> tag(Call& call);
  Result<Reply> untag(Call& call);
  // http_members.cpp: routes, integrations, authorizers, deployments, stages
  Result<Reply> create_member(Call& call);
  Result<Reply> get_member(Call& call);
  Result<Reply> list_members(Call& call);
  Result<Reply> update_member(Call& call);
  Result<Reply> delete_member(Call& call);

  // http_domains.cpp
  Result<Reply> create_domain(Call& call);
  Result<Reply> get_domain(Call& call);
  Result<Reply> get_domains(Call& call);
  Result<Reply> update_domain(Call& call);
  Result<Reply> delete_domain(Call& call);
  Result<Reply> create_mapping(Call& call);
  Result<Reply> get_mapping(Call& call);
  Result<Reply> get_mappings(Call& call);
  Result<Reply> update_mapping(Call& call);
  Result<Reply> delete_mapping(Call& call);
  // http_links.cpp: VPC links, and what only WebSocket APIs may have
  Result<Reply> create_link(Call& call);
  Result<Reply> get_link(Call& call);
  Result<Reply> get_links(Call& call);
  Result<Reply> update_link(Call& call);
  Result<Reply> delete_link(Call& call);
  Result<Reply> websocket_only(Call& call);
  Result<Json> link_of(const Call& call, std::string_view id) const;
  // http_rules.cpp: routing rules of domain names
  Result<Reply> create_rule(Call& call);
  Result<Reply> get_rule(Call& call);
  Result<Reply> list_rules(Call& call);
  Result<Reply> put_rule(Call& call);
  Result<Reply> delete_rule(Call& call);
  Result<Json> rule_of(const Call& call) const;
  Result<Json> rule_in(const Call& call, const Json& domain, const std::string& id) const;
  Result<Json> domain_of(const Call& call) const;
  Result<Json> mapping_of(const Call& call) const;
  Result<> check_mapping(const Call& call, const std::string& name, const Json& mapping) const;

  struct Meant;
  Result<Meant> meant_by(const Call& call, bool one) const;
  Reply put_member(const Call& call, const std::string& api, const std::string& key, Json document);
  Result<Reply> create_http_deployment(const Call& call, const std::string& api);
  Result<Json> api_of(const Call& call) const;
  Json new_api(const Call& call) const;
  Result<Json> checked_member(const Call& call, const HttpKind& kind, Json document, std::string_view id);
  Result<> check_import(const Call& call, const Json& body) const;
  void import_body(const Call& call, const std::string& api, const Json& body);
  /// After a change: stages that deploy by themselves get a deployment.
  void deploy_stages(const Call& call, const std::string& api);
  Json snapshot(const std::string& api) const;
  Json new_deployment(const Call& call, const std::string& api, bool automatic);
  std::string stage_in_arn(const std::string& arn, std::string& api) const;

  Random& ids_;
  std::string port_;
  Domains& domains_;
  Entities entities_;
};

/// Whether an `Integration` or an `Authorizer` may be as it is; fills in what it leaves out. http_members.cpp
Result<> check_http_member(std::string_view entity, Json& document);
/// Without what is only kept.
Json without_kept(const Json& document);
double seconds_of(const Call& call);

}  // namespace aviary::apigateway
