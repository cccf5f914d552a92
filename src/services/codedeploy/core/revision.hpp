#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::codedeploy {

/// A `RevisionLocation` as a caller gave it, checked and completed: text revisions get their `sha256`.
/// InvalidRevisionException for what Lambda deployments do not take, naming it.
Result<Json> checked_revision(const Json& location);

/// What makes two locations the same revision: type and digest of a text, or where an object is.
std::string revision_key(const Json& location);

/// The AppSpec file that a text revision carries; empty for one that is elsewhere (S3).
const std::string& revision_text(const Json& location);

}  // namespace aviary::codedeploy
