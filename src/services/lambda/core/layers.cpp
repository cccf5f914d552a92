#include "services/lambda/core/layers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/layers_reference.hpp"

namespace aviary::lambda {
namespace {

/// Docs: "Lambda quotas", function resource-based policy; layers have the same.
constexpr std::size_t policy_bytes = 20480;

bool names(const std::optional<std::vector<std::string>>& list, std::string_view wanted) {
  return wanted.empty() || (list && std::ranges::find(*list, wanted) != list->end());
}

auto find_statement(const LayerPolicy& policy, std::string_view id) {
  return std::ranges::find_if(policy.statements,
                              [&](const OrderedJson& statement) { return statement.value("Sid", "") == id; });
}

}  // namespace

std::string LayerVersion::arn() const {
  return layer_version_arn(scope, layer_name, static_cast<std::int64_t>(number));
}

bool LayerFilter::accepts(const LayerVersion& version) const {
  return names(version.compatible_runtimes, runtime) && names(version.compatible_architectures, architecture);
}

LayerStore::LayerStore(Journal& journal)
    : journal_(journal),
      layer_records_(journal, "lambda.layers"),
      version_records_(journal, "lambda.layer_versions"),
      policy_records_(journal, "lambda.layer_policies") {}

LayerVersionHandle LayerStore::publish(NewLayerVersion request, const Moment& at) {
  Layer& layer = regions_[request.scope][request.name];
  const std::uint64_t number = layer.next_number++;
  LayerVersionHandle version = std::make_shared<const LayerVersion>(
      LayerVersion{.scope = std::move(request.scope),
                   .layer_name = std::move(request.name),
                   .number = number,
                   .description = std::move(request.description),
                   .license_info = std::move(request.license_info),
                   .compatible_runtimes = std::move(request.compatible_runtimes),
                   .compatible_architectures = std::move(request.compatible_architectures),
                   .created = at.now,
                   .code = std::move(request.code),
                   .is_signed = request.is_signed});
  layer.versions.emplace(number, PublishedLayer{.version = version, .policy = {}});
  save(version->scope, version->layer_name, layer);
  save(*version);
  return version;
}

const PublishedLayer* LayerStore::find(const Scope& scope, std::string_view name,
                                       std::uint64_t number) const {
  const Layers& all = layers(scope);
  const auto layer = all.find(name);
  if (layer == all.end()) return nullptr;
  const auto version = layer->second.versions.find(number);
  return version == layer->second.versions.end() ? nullptr : &version->second;
}

PublishedLayer* LayerStore::find_for_change(const Scope& scope, std::string_view name, std::int64_t number) {
  const auto region = regions_.find(scope);
  if (region == regions_.end() || number < 1) return nullptr;
  const auto layer = region->second.find(name);
  if (layer == region->second.end()) return nullptr;
  const auto version = layer->second.versions.find(static_cast<std::uint64_t>(number));
  return version == layer->second.versions.end() ? nullptr : &version->second;
}

const LayerStore::Layers& LayerStore::layers(const Scope& scope) const {
  static const Layers none;
  const auto region = regions_.find(scope);
  return region == regions_.end() ? none : region->second;
}

bool LayerStore::erase(const Scope& scope, std::string_view name, std::uint64_t number) {
  const auto region = regions_.find(scope);
  if (region == regions_.end()) return false;
  const auto layer = region->second.find(name);
  if (layer == region->second.end() || layer->second.versions.erase(number) == 0) return false;
  // The layer's own record stays: it knows which numbers were used.
  const std::string key = fmt::format("{}/{}/{}/{}", scope.account, scope.region, name, number);
  version_records_.erase(key);
  policy_records_.erase(key);
  return true;
}

std::uint64_t LayerStore::code_bytes(const Scope& scope) const {
  std::uint64_t total = 0;
  for (const auto& [name, layer] : layers(scope)) {
    for (const auto& [number, published] : layer.versions) total += published.version->code->size;
  }
  return total;
}

Result<std::string> LayerStore::add_statement(const Scope& scope, std::string_view name, std::int64_t number,
                                              OrderedJson statement, std::string_view revision_id,
                                              const Moment& at) {
  PublishedLayer* layer = find_for_change(scope, name, number);
  if (!layer) return not_found(no_such_layer_version(layer_version_arn(scope, name, number)));
  LayerPolicy& policy = layer->policy;
  const std::string id = statement.value("Sid", "");
  if (find_statement(policy, id) != policy.statements.end()) {
    return conflict(
        fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or "
                    "remove the existing statement.",
                    id));
  }
  if (!revision_id.empty() && revision_id != policy.revision_id) return revision_mismatch("GetLayerPolicy");
  policy.statements.push_back(std::move(statement));
  if (const std::size_t size = policy_document(policy).dump().size(); size > policy_bytes) {
    policy.statements.pop_back();
    // Worded as seen with functions: github.com/adobe/helix-deploy/issues/24.
    return AwsError(
        models::lambda::errors::PolicyLengthExceededException,
        fmt::format("The final policy size ({}) is bigger than the limit ({}).", size, policy_bytes));
  }
  policy.revision_id = at.ids.uuid();
  save(*layer->version, policy);
  return policy.revision_id;
}

Result<> LayerStore::remove_statement(const Scope& scope, std::string_view name, std::int64_t number,
                                      std::string_view statement_id, std::string_view revision_id,
                                      const Moment& at) {
  PublishedLayer* layer = find_for_change(scope, name, number);
  if (!layer) return not_found(no_such_layer_version(layer_version_arn(scope, name, number)));
  LayerPolicy& policy = layer->policy;
  // As with functions (recorded: test_permission_exceptions).
  if (policy.statements.empty()) return not_found("No policy is associated with the given resource.");
  if (!revision_id.empty() && revision_id != policy.revision_id) return revision_mismatch("GetLayerPolicy");
  const auto statement = find_statement(policy, statement_id);
  if (statement == policy.statements.end()) {
    return not_found(fmt::format("Statement {} is not found in resource policy.", statement_id));
  }
  policy.statements.erase(statement);
  policy.revision_id = at.ids.uuid();
  save(*layer->version, policy);
  return {};
}

std::string no_such_layer_version(std::string_view layer_version_arn) {
  return fmt::format("Layer version {} does not exist.", layer_version_arn);
}

bool allows(const LayerPolicy& policy, std::string_view account) {
  return std::ranges::any_of(policy.statements, [&](const OrderedJson& statement) {
    if (statement.contains("Condition")) return false;
    const OrderedJson& principal = statement.at("Principal");
    if (principal.is_string()) return principal == "*";
    return principal.value("AWS", "") == fmt::format("arn:aws:iam::{}:root", account);
  });
}

OrderedJson policy_document(const LayerPolicy& policy) {
  OrderedJson document;
  document["Version"] = "2012-10-17";
  document["Id"] = "default";
  document["Statement"] = policy.statements;
  return document;
}

}  // namespace aviary::lambda
