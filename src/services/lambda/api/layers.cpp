#include <fmt/format.h>

#include <charconv>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/layers_input.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/errors.hpp"

/// Publishing layer versions, and looking at them.
namespace aviary::lambda {

Result<> check_request_size(const Call& call);  // create_function.cpp

namespace {

std::optional<std::vector<std::string>> list_of(const Json& input, const char* name) {
  const Json* given = find_member(input, name);
  if (!given) return std::nullopt;
  return given->get<std::vector<std::string>>();
}

LayerFilter filter_of(const Json& input) {
  return {.runtime = text_of(input, "CompatibleRuntime"),
          .architecture = text_of(input, "CompatibleArchitecture")};
}

/// A `LayerVersionsListItem`.
Json render_listed(const LayerVersion& version) {
  Json out{{"LayerVersionArn", version.arn()},
           {"Version", version.number},
           {"Description", version.description},
           {"CreatedDate", lambda_timestamp(version.created)}};
  if (version.compatible_runtimes) out["CompatibleRuntimes"] = *version.compatible_runtimes;
  if (version.compatible_architectures) out["CompatibleArchitectures"] = *version.compatible_architectures;
  if (!version.license_info.empty()) out["LicenseInfo"] = version.license_info;
  return out;
}

Json render_layer_version(const LayerVersion& version, std::string_view base_url) {
  Json out = render_listed(version);
  out["LayerArn"] = layer_arn(version.scope, version.layer_name);
  out["Content"] = {{"Location", package_location(*version.code, base_url)},
                    {"CodeSha256", version.code->digest},
                    {"CodeSize", version.code->size}};
  return out;
}

/// The newest version that passes, or null.
const LayerVersion* newest(const Layer& layer, const LayerFilter& filter) {
  for (auto version = layer.versions.rbegin(); version != layer.versions.rend(); ++version) {
    if (filter.accepts(*version->second.version)) return version->second.version.get();
  }
  return nullptr;
}

Result<Reply> reply_with(const PublishedLayer* layer, const Call& call) {
  if (!layer) return resource_does_not_exist();
  return Reply{.output = render_layer_version(*layer->version, call.base_url)};
}

}  // namespace

LambdaService::Answer LambdaService::publish_layer_version(Call call) {
  if (const Result<> small = check_request_size(call); !small) co_return small.error();
  Result<LayerReference> layer = own_layer_of(call, "lambda:PublishLayerVersion");
  if (!layer) co_return layer.error();
  NewLayerVersion request{.scope = layer->home,
                          .name = std::move(layer->name),
                          .description = text_of(call.input, "Description"),
                          .license_info = text_of(call.input, "LicenseInfo"),
                          .compatible_runtimes = list_of(call.input, "CompatibleRuntimes"),
                          .compatible_architectures = list_of(call.input, "CompatibleArchitectures"),
                          .code = {}};
  Json content = std::move(call.input["Content"]);
  if (text_of(content, "S3Bucket") == "hot-reload")
    co_return invalid_parameter("Hot reload is for a function's code: a layer version never changes.");
  Task<Result<CodeHandle>> loading = load_code(request.scope, std::move(content), {}, &request.is_signed);
  Result<CodeHandle> code = co_await std::move(loading);
  if (!code) co_return code.error();
  if (const Result<> kept = check_code_storage(request.scope, (*code)->size); !kept) co_return kept.error();
  request.code = std::move(*code);
  const LayerVersionHandle published = layers_.publish(std::move(request), moment());
  co_return Reply{.output = render_layer_version(*published, call.base_url)};
}

Result<Reply> LambdaService::get_layer_version(Call& call) {
  const std::int64_t number = call.input.at("VersionNumber").get<std::int64_t>();
  if (number < 1) return invalid_parameter("Layer Version Cannot be less than 1");
  const LayerReference layer = layer_reference_of(call, "LayerName");
  const PublishedLayer* found = reachable_layer(call, layer, static_cast<std::uint64_t>(number));
  if (!found && !is_own(call, layer)) {
    return layer_access_denied(scope_of(call), "lambda:GetLayerVersion",
                               layer_version_arn(layer.home, layer.name, number));
  }
  return reply_with(found, call);
}

Result<Reply> LambdaService::get_layer_version_by_arn(Call& call) {
  const LayerReference layer = layer_reference_of(call, "Arn");
  const PublishedLayer* found = reachable_layer(call, layer, layer.number);
  if (!found && !is_own(call, layer) && !layer.home.account.empty()) {
    return layer_access_denied(scope_of(call), "lambda:GetLayerVersion", text_of(call.input, "Arn"));
  }
  return reply_with(found, call);
}

const PublishedLayer* LambdaService::reachable_layer(const Call& call, const LayerReference& layer,
                                                     std::uint64_t number) const {
  if (layer.home.region != call.region) return nullptr;
  const PublishedLayer* found = layers_.find(layer.home, layer.name, number);
  if (!found || is_own(call, layer) || allows(found->policy, call.account)) return found;
  return nullptr;
}

Result<Reply> LambdaService::delete_layer_version(Call& call) {
  const std::int64_t number = call.input.at("VersionNumber").get<std::int64_t>();
  if (number < 1) return invalid_parameter("Layer Version Cannot be less than 1");
  const Result<LayerReference> layer = own_layer_of(call, "lambda:DeleteLayerVersion");
  if (!layer) return layer.error();
  // What does not exist is gone as well (recorded: test_layer_exceptions).
  if (layers_.erase(layer->home, layer->name, static_cast<std::uint64_t>(number))) collect_code();
  return Reply{};
}

/// The newest version of each layer, of those that the filter lets through.
Result<Reply> LambdaService::list_layers(Call& call) {
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const LayerFilter filter = filter_of(call.input);
  const Scope scope = scope_of(call);
  const LayerStore::Layers& layers = layers_.layers(scope);
  Reply reply;
  Json& list = reply.output["Layers"] = Json::array();
  std::string last;
  for (auto next = layers.upper_bound(page->after); next != layers.end(); ++next) {
    const LayerVersion* version = newest(next->second, filter);
    if (!version) continue;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(last);
      break;
    }
    list.push_back({{"LayerName", next->first},
                    {"LayerArn", layer_arn(scope, next->first)},
                    {"LatestMatchingVersion", render_listed(*version)}});
    last = next->first;
  }
  return reply;
}

/// Newest first (recorded: test_layer_lifecycle). The marker is the last number shown.
Result<Reply> LambdaService::list_layer_versions(Call& call) {
  const Result<LayerReference> layer = own_layer_of(call, "lambda:ListLayerVersions");
  if (!layer) return layer.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const LayerFilter filter = filter_of(call.input);
  Reply reply;
  Json& list = reply.output["LayerVersions"] = Json::array();
  const LayerStore::Layers& layers = layers_.layers(layer->home);
  const auto found = layers.find(layer->name);
  if (found == layers.end()) return reply;

  const auto& versions = found->second.versions;
  auto next = versions.rbegin();
  if (!page->after.empty()) {
    std::uint64_t last = 0;
    std::from_chars(page->after.data(), page->after.data() + page->after.size(), last);
    next = std::make_reverse_iterator(versions.lower_bound(last));
  }
  std::uint64_t last = 0;
  for (; next != versions.rend(); ++next) {
    if (!filter.accepts(*next->second.version)) continue;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(std::to_string(last));
      break;
    }
    list.push_back(render_listed(*next->second.version));
    last = next->first;
  }
  return reply;
}

}  // namespace aviary::lambda
