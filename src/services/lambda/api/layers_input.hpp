#pragma once

#include <string_view>

#include "base/result.hpp"
#include "gateway/service.hpp"
#include "services/lambda/core/layers_reference.hpp"

/// Which layer a call is about.
namespace aviary::lambda {

Scope scope_of(const Call& call);
/// From the member, a name or an ARN.
LayerReference layer_reference_of(const Call& call, const char* member);
/// Whether the layer is of the caller's account.
bool is_own(const Call& call, const LayerReference& layer);
/// From `LayerName`, for operations that no policy can open to another account; `action` as IAM names it.
/// Errors: another account's (AccessDeniedException), another region's (ResourceNotFoundException).
Result<LayerReference> own_layer_of(const Call& call, std::string_view action);

}  // namespace aviary::lambda
