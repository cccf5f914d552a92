#pragma once

#include "services/lambda/api/sources.hpp"
#include "services/lambda/core/layers.hpp"
#include "services/lambda/core/layers_reference.hpp"

namespace aviary::lambda {

/// The layers that were published here. Those of other accounts are there for whom their policy allows.
class StoredLayerSource final : public LayerSource {
 public:
  explicit StoredLayerSource(const LayerStore& store) : store_(store) {}

  CodeHandle find(const Scope& caller, std::string_view layer_version_arn) override {
    const LayerReference reference = parse_layer_reference(layer_version_arn, caller);
    if (reference.home.region != caller.region) return nullptr;
    const PublishedLayer* layer = store_.find(reference.home, reference.name, reference.number);
    if (!layer) return nullptr;
    const bool own = reference.home.account == caller.account;
    return own || allows(layer->policy, caller.account) ? layer->version->code : nullptr;
  }

 private:
  const LayerStore& store_;
};

}  // namespace aviary::lambda
