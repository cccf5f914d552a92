#include "services/lambda/core/version.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace aviary::lambda {

std::string Version::function_arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}", scope.region, scope.account, function_name);
}

std::string image_digest(std::string_view image_uri) { return hex_encode(sha256(image_uri)); }

std::string code_sha256(const Version& version) {
  if (!version.code) return image_digest(version.configuration->image_uri);
  // LocalStack's words for the same: its users' tools know them.
  if (!version.code->folder.empty()) return "hot-reloading-hash-not-available";
  return version.code->digest;
}

}  // namespace aviary::lambda
