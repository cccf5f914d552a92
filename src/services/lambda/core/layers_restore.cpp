#include <fmt/format.h>

#include "base/log.hpp"
#include "services/lambda/core/layers.hpp"

/// What is written for layers, and how it is read back: one record a layer (which numbers were used), one a
/// version, one a policy.
namespace aviary::lambda {
namespace {

std::string key_of(const LayerVersion& version) {
  return fmt::format("{}/{}/{}/{}", version.scope.account, version.scope.region, version.layer_name,
                     version.number);
}

Json place_of(const Scope& scope, std::string_view name) {
  return Json{{"account", scope.account}, {"region", scope.region}, {"name", name}};
}

Scope scope_of(const Json& record) {
  return {.account = record.at("account"), .region = record.at("region")};
}

std::optional<std::vector<std::string>> list_of(const Json& record, const char* name) {
  const auto found = record.find(name);
  if (found == record.end()) return std::nullopt;
  return found->get<std::vector<std::string>>();
}

CodeHandle code_of(CodeStore& codes, const std::string& layer, const Json& record) {
  const auto& digest = record.at("digest").get_ref<const std::string&>();
  if (CodeHandle found = codes.open(digest)) return found;
  // The version stays, so that it can be seen and deleted.
  log::error("the code package {} of layer {} is missing", digest, layer);
  return std::make_shared<const CodeBlob>(CodeBlob{digest, record.at("size"), record.at("unzipped")});
}

}  // namespace

void LayerStore::save(const Scope& scope, std::string_view name, const Layer& layer) {
  if (!journal_.durable()) return;
  Json record = place_of(scope, name);
  record["next_number"] = layer.next_number;
  layer_records_.save(fmt::format("{}/{}/{}", scope.account, scope.region, name), record);
}

void LayerStore::save(const LayerVersion& version) {
  if (!journal_.durable()) return;
  Json record = place_of(version.scope, version.layer_name);
  record["number"] = version.number;
  record["description"] = version.description;
  record["license"] = version.license_info;
  if (version.compatible_runtimes) record["runtimes"] = *version.compatible_runtimes;
  if (version.compatible_architectures) record["architectures"] = *version.compatible_architectures;
  record["created"] = version.created.time_since_epoch().count();
  record["code"] = {{"digest", version.code->digest},
                    {"size", version.code->size},
                    {"unzipped", version.code->unzipped_size}};
  if (version.is_signed) record["signed"] = true;
  version_records_.save(key_of(version), record);
}

void LayerStore::save(const LayerVersion& version, const LayerPolicy& policy) {
  if (!journal_.durable()) return;
  if (policy.statements.empty()) return policy_records_.erase(key_of(version));
  Json record = place_of(version.scope, version.layer_name);
  record["number"] = version.number;
  record["revision"] = policy.revision_id;
  // As text, because the order of a statement's keys is part of what a reader sees.
  Json& statements = record["statements"] = Json::array();
  for (const OrderedJson& statement : policy.statements) statements.push_back(statement.dump());
  policy_records_.save(key_of(version), record);
}

void LayerStore::restore(CodeStore& codes) {
  layer_records_.load([&](std::string_view, const Json& record) {
    record.at("next_number").get_to(regions_[scope_of(record)][record.at("name")].next_number);
  });
  version_records_.load([&](std::string_view, const Json& record) {
    auto version = std::make_shared<LayerVersion>();
    version->scope = scope_of(record);
    record.at("name").get_to(version->layer_name);
    record.at("number").get_to(version->number);
    record.at("description").get_to(version->description);
    record.at("license").get_to(version->license_info);
    version->compatible_runtimes = list_of(record, "runtimes");
    version->compatible_architectures = list_of(record, "architectures");
    version->created = Instant(Duration(record.at("created").get<Duration::rep>()));
    version->code = code_of(codes, version->layer_name, record.at("code"));
    version->is_signed = record.value("signed", false);
    Layer& layer = regions_[version->scope][version->layer_name];
    layer.versions[version->number].version = std::move(version);
  });
  policy_records_.load([&](std::string_view, const Json& record) {
    PublishedLayer* layer = find_for_change(scope_of(record), record.at("name").get<std::string>(),
                                            record.at("number").get<std::int64_t>());
    if (!layer) return;
    record.at("revision").get_to(layer->policy.revision_id);
    for (const Json& statement : record.at("statements")) {
      layer->policy.statements.push_back(OrderedJson::parse(statement.get_ref<const std::string&>()));
    }
  });
}

}  // namespace aviary::lambda
