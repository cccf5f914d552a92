#include "services/lambda/api/layers_input.hpp"

#include "services/lambda/api/input.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {

Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

LayerReference layer_reference_of(const Call& call, const char* member) {
  return parse_layer_reference(text_of(call.input, member), scope_of(call));
}

bool is_own(const Call& call, const LayerReference& layer) { return layer.home.account == call.account; }

Result<LayerReference> own_layer_of(const Call& call, std::string_view action) {
  LayerReference layer = layer_reference_of(call, "LayerName");
  if (is_own(call, layer)) {
    // State is apart per region: an endpoint does not reach into another.
    if (layer.home.region != call.region) return resource_does_not_exist();
    return layer;
  }
  const Json* number = find_member(call.input, "VersionNumber");
  return layer_access_denied(scope_of(call), action,
                             number ? layer_version_arn(layer.home, layer.name, number->get<std::int64_t>())
                                    : layer_arn(layer.home, layer.name));
}

}  // namespace aviary::lambda
