#include <fmt/format.h>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/layers_input.hpp"
#include "services/lambda/core/errors.hpp"

/// Who beside the owner may use a layer version.
namespace aviary::lambda {
namespace {

/// Everybody, or an account: as its number or as its root's ARN, which are the same.
OrderedJson layer_principal(const std::string& text) {
  if (text == "*" || text.starts_with("arn:")) {
    return text == "*" ? OrderedJson(text) : OrderedJson{{"AWS", text}};
  }
  return OrderedJson{{"AWS", fmt::format("arn:aws:iam::{}:root", text)}};
}

std::int64_t number_of(const Call& call) { return call.input.at("VersionNumber").get<std::int64_t>(); }

}  // namespace

Result<Reply> LambdaService::add_layer_version_permission(Call& call) {
  const Result<LayerReference> layer = own_layer_of(call, "lambda:AddLayerVersionPermission");
  if (!layer) return layer.error();
  OrderedJson statement;
  statement["Sid"] = text_of(call.input, "StatementId");
  statement["Effect"] = "Allow";
  statement["Principal"] = layer_principal(text_of(call.input, "Principal"));
  statement["Action"] = text_of(call.input, "Action");
  statement["Resource"] = layer_version_arn(layer->home, layer->name, number_of(call));
  if (const std::string& organization = text_of(call.input, "OrganizationId"); !organization.empty()) {
    statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] = organization;
  }
  std::string rendered = statement.dump();
  Result<std::string> revision =
      layers_.add_statement(layer->home, layer->name, number_of(call), std::move(statement),
                            text_of(call.input, "RevisionId"), moment());
  if (!revision) return revision.error();
  return Reply{.output = {{"Statement", std::move(rendered)}, {"RevisionId", std::move(*revision)}}};
}

Result<Reply> LambdaService::remove_layer_version_permission(Call& call) {
  const Result<LayerReference> layer = own_layer_of(call, "lambda:RemoveLayerVersionPermission");
  if (!layer) return layer.error();
  const Result<> removed =
      layers_.remove_statement(layer->home, layer->name, number_of(call), text_of(call.input, "StatementId"),
                               text_of(call.input, "RevisionId"), moment());
  if (!removed) return removed.error();
  return Reply{};
}

Result<Reply> LambdaService::get_layer_version_policy(Call& call) {
  const Result<LayerReference> layer = own_layer_of(call, "lambda:GetLayerVersionPolicy");
  if (!layer) return layer.error();
  const std::int64_t number = number_of(call);
  const PublishedLayer* found =
      number < 1 ? nullptr : layers_.find(layer->home, layer->name, static_cast<std::uint64_t>(number));
  if (!found) return not_found(no_such_layer_version(layer_version_arn(layer->home, layer->name, number)));
  if (found->policy.statements.empty()) return not_found("No policy is associated with the given resource.");
  return Reply{.output = {{"Policy", policy_document(found->policy).dump()},
                          {"RevisionId", found->policy.revision_id}}};
}

}  // namespace aviary::lambda
