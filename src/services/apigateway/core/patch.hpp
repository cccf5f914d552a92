#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

/// Patch operations, as REST APIs are updated: `{"op": "replace", "path": "/name", "value": "shop"}`
/// (https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html).
namespace aviary::apigateway {

enum class PatchKind { Text, Flag, Integer, Number, List };

struct PatchRule {
  /// `/variables/*`: a star stands for any one segment. Of a List the last segment is the entry.
  std::string_view path;
  PatchKind kind = PatchKind::Text;
};

/// Applies all, or says why not and leaves the document in an undefined state: give it a copy. `~1` in a path
/// is a slash, `~0` a tilde.
std::string apply_patch(Json& document, const Json& operations, std::span<const PatchRule> rules);

/// The segments of a path, decoded.
std::vector<std::string> patch_segments(std::string_view path);
/// Text as the kind wants it; null if it is none.
Json patch_value(PatchKind kind, const std::string& text);

}  // namespace aviary::apigateway
