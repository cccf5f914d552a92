#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/worker_pool.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/entities.hpp"
#include "services/apigateway/core/patch.hpp"

namespace aviary::apigateway {

struct RestDependencies {
  Random& ids;
  Journal& journal;
  /// Reads YAML, for OpenAPI documents that are no JSON.
  std::function<Result<Json>(std::string_view)> read_yaml;
  Domains& domains;
  WorkerPool* workers = nullptr;  ///< makes keys; null: that is done at once
};

struct ImportedApi;
/// One kind of what a REST API has: authorizers, models, …
struct RestKind;

/// API Gateway v1 as the gateway sees it: REST APIs. What is deployed is what `execute_rest.hpp` serves.
///
/// An API is at `apis/<id>`, what belongs to it at `in/<id>/<folder>/<id>`; a resource keeps its methods, a
/// method its integration. What belongs to an account is at `<folder>/<account>/<region>/<id>`.
class RestApiService final : public TableService<RestApiService> {
 public:
  explicit RestApiService(RestDependencies dependencies);

  static OperationTable<RestApiService> operations();
  const ErrorShape* violation_error() const override;
  void restore() override { entities_.restore(); }
  void reset() override { entities_.clear(); }
  Json counts() const override { return {{"apis", entities_.below("apis/").size()}}; }

  const Entities& entities() const noexcept { return entities_; }

 private:
  // rest_apis.cpp: APIs, their tags, the account
  Result<Reply> create_api(Call& call);
  Result<Reply> get_api(Call& call);
  Result<Reply> get_apis(Call& call);
  Result<Reply> update_api(Call& call);
  Result<Reply> delete_api(Call& call);
  Result<Reply> get_account(Call& call);
  Result<Reply> update_account(Call& call);
  Result<Reply> get_tags(Call& call);
  Result<Reply> tag(Call& call);
  Result<Reply> untag(Call& call);
  // rest_resources.cpp
  Result<Reply> create_resource(Call& call);
  Result<Reply> get_resource(Call& call);
  Result<Reply> get_resources(Call& call);
  Result<Reply> update_resource(Call& call);
  Result<Reply> delete_resource(Call& call);
  // rest_methods.cpp: methods, integrations, and the responses of both
  Result<Reply> put_method(Call& call);
  Result<Reply> put_integration(Call& call);
  Result<Reply> put_method_response(Call& call);
  Result<Reply> put_integration_response(Call& call);
  Result<Reply> get_method_part(Call& call);
  Result<Reply> update_method_part(Call& call);
  Result<Reply> delete_method_part(Call& call);
  // rest_members.cpp: authorizers, models, request validators, gateway responses
  Result<Reply> create_member(Call& call);
  Result<Reply> get_member(Call& call);
  Result<Reply> list_members(Call& call);
  Result<Reply> update_member(Call& call);
  Result<Reply> delete_member(Call& call);
  Result<Reply> put_gateway_response(Call& call);
  Result<Reply> list_gateway_responses(Call& call);
  // rest_deployments.cpp: deployments and stages
  Result<Reply> create_deployment(Call& call);
  Result<Reply> get_deployment(Call& call);
  Result<Reply> get_deployments(Call& call);
  Result<Reply> update_deployment(Call& call);
  Result<Reply> delete_deployment(Call& call);
  Result<Reply> create_stage(Call& call);
  Result<Reply> get_stage(Call& call);
  Result<Reply> get_stages(Call& call);
  Result<Reply> update_stage(Call& call);
  Result<Reply> delete_stage(Call& call);
  // rest_keys.cpp: API keys and usage plans
  Result<Reply> create_key(Call& call);
  Result<Reply> get_key(Call& call);
  Result<Reply> get_keys(Call& call);
  Result<Reply> update_key(Call& call);
  Result<Reply> delete_key(Call& call);
  Result<Reply> create_plan(Call& call);
  Result<Reply> get_plan(Call& call);
  Result<Reply> get_plans(Call& call);
  Result<Reply> update_plan(Call& call);
  Result<Reply> delete_plan(Call& call);
  Result<Reply> create_plan_key(Call& call);
  Result<Reply> get_plan_key(Call& call);
  Result<Reply> get_plan_keys(Call& call);
  Result<Reply> delete_plan_key(Call& call);
  // rest_domains.cpp
  Result<Reply> create_domain(Call& call);
  Result<Reply> get_domain(Call& call);
  Result<Reply> get_domains(Call& call);
  Result<Reply> update_domain(Call& call);
  Result<Reply> delete_domain(Call& call);
  Result<Reply> create_base_path(Call& call);
  Result<Reply> get_base_path(Call& call);
  Result<Reply> get_base_paths(Call& call);
  Result<Reply> update_base_path(Call& call);
  Result<Reply> delete_base_path(Call& call);
  // rest_certificates.cpp: client certificates and VPC links
  Task<Result<Reply>> generate_certificate(Call call);
  Result<Reply> get_certificate(Call& call);
  Result<Reply> get_certificates(Call& call);
  Result<Reply> update_certificate(Call& call);
  Result<Reply> delete_certificate(Call& call);
  Result<Reply> create_link(Call& call);
  Result<Reply> get_link(Call& call);
  Result<Reply> get_links(Call& call);
  Result<Reply> update_link(Call& call);
  Result<Reply> delete_link(Call& call);
  Result<Json> certificate_of(const Call& call) const;
  Result<Json> link_of(const Call& call) const;
  Result<> check_link(const Call& call, const Json& integration) const;
  // rest_documentation.cpp: parts, and versions of all of them
  Result<Reply> create_part(Call& call);
  Result<Reply> get_part(Call& call);
  Result<Reply> get_parts(Call& call);
  Result<Reply> update_part(Call& call);
  Result<Reply> delete_part(Call& call);
  Result<Reply> import_parts(Call& call);
  std::vector<std::string> take_parts(const std::string& api, const Json& parts, bool overwrites);
  Result<Reply> create_documentation(Call& call);
  Result<Reply> get_documentation(Call& call);
  Result<Reply> get_documentations(Call& call);
  Result<Reply> update_documentation(Call& call);
  Result<Reply> delete_documentation(Call& call);
  // rest_import.cpp
  Result<Reply> import_api(Call& call);
  Result<Reply> put_api(Call& call);

  Result<Json> api_of(const Call& call) const;
  Result<Json> domain_of(const Call& call) const;
  Result<Json> base_path_of(const Call& call) const;
  Result<> check_mapping(const Call& call, const std::string& name, const Json& mapping) const;
  Result<Json> member_of(const Call& call, const char* folder, const char* id, std::string_view name) const;
  Result<Json> resource_of(const Call& call) const;
  Result<Json> key_of(const Call& call) const;
  Result<Json> plan_of(const Call& call) const;
  Json new_api(const Call& call);
  void put_default_models(const std::string& api);
  void take_import(const std::string& api, const ImportedApi& imported, bool overwrites);
  std::string resource_at(const std::string& api, const std::string& path,
                          std::map<std::string, std::string>& known);
  void save_member(const std::string& api, const char* folder, const std::string& id, Json document);
  void save_resource(const std::string& api, Json resource);
  Json snapshot(const std::string& api) const;
  Result<> check_authorizer(const Json& authorizer) const;
  Result<> check_method(const std::string& api, const Json& method) const;
  Result<> check_stages(const Call& call, const Json& plan) const;
  Result<> check_named_by_stage(const Json& api, const Json& before, const Json& stage) const;
  std::string key_in_arn(const std::string& arn) const;

  Result<ImportedApi> imported_of(const Call& call) const;

  Random& ids_;
  std::function<Result<Json>(std::string_view)> read_yaml_;
  Domains& domains_;
  WorkerPool* workers_;
  Entities entities_;
};

// rest_service.cpp, for the operations.
AwsError rest_bad_request(std::string text);
AwsError rest_not_found(std::string text);
AwsError rest_conflict(std::string text);
AwsError rest_not_there(std::string_view what);
/// The document with the call's patch operations applied.
Result<Json> rest_patched(const Call& call, Json document, std::span<const PatchRule> rules);
/// `{"items": […], "position": "…"}`: what `limit` and `position` ask for. Items are known by `id`.
Result<Reply> rest_page(const Call& call, Json items, const char* id = "id");
/// Sent documents, without what is only kept.
Json rest_sent(const Json& document);
std::string rest_account_folder(const Call& call, std::string_view folder);
double rest_seconds(const Call& call);
/// Members that an operation leaves out get these values.
void rest_fill(Json& document, std::initializer_list<std::pair<const char*, Json>> defaults);
/// Templates and patterns that cannot be read are told at once.
Result<> rest_check_templates(const Json& document, const char* member);
Result<> rest_check_response(const Json& response);
/// Why a part of documentation cannot be; nothing if it can.
Result<> rest_check_part(const Json& part);
/// `200`
bool rest_is_status(std::string_view text);
/// Why an integration cannot be; nothing if it can. Fills in what it leaves out.
Result<> rest_check_integration(Json& integration);

}  // namespace aviary::apigateway
