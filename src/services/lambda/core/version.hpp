#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/code_store.hpp"

namespace aviary::lambda {

/// Where a function lives: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// Everything that decides how a function runs, and that a published version freezes. Values as the API names
/// them. Shared between versions that do not differ in it.
struct Configuration {
  std::string package_type = "Zip";  ///< Zip | Image
  std::string runtime;               ///< empty for images
  std::string handler;
  std::string role;
  std::string description;
  std::int64_t timeout_seconds = 3;
  std::int64_t memory_mb = 128;
  std::int64_t ephemeral_storage_mb = 512;
  std::vector<std::string> architectures{"x86_64"};
  std::optional<std::map<std::string, std::string>> environment;  ///< absent and empty render differently
  std::string log_format = "Text";                                ///< Text | JSON
  std::string application_log_level;                              ///< JSON only
  std::string system_log_level;                                   ///< JSON only
  std::string log_group;                                          ///< empty: /aws/lambda/<name>
  std::string tracing_mode = "PassThrough";
  std::string image_uri;  ///< PackageType Image
  std::vector<std::string> layer_arns;
  /// What is recorded and rendered back without deciding how code runs here (VpcConfig, FileSystemConfigs,
  /// DeadLetterConfig, KMSKeyArn, SnapStart, ImageConfig, …), by member name.
  Json recorded = Json::object();

  bool operator==(const Configuration&) const = default;
};

/// A function's code and configuration at one moment: a published version, or what `$LATEST` was between two
/// updates. Immutable by type: the only way to hold one is `VersionHandle`.
struct Version {
  std::uint64_t serial;  ///< unique in the process: pools of environments are kept by it
  Scope scope;
  std::string function_name;
  std::string number;       ///< "$LATEST" or "1", "2", …
  std::string description;  ///< a published version's own, else the configuration's
  std::string revision_id;
  Instant last_modified;
  std::shared_ptr<const Configuration> configuration;
  CodeHandle code;                 ///< null for images that only an engine knows
  std::vector<CodeHandle> layers;  ///< in the order of `layer_arns`

  /// `arn:aws:lambda:<region>:<account>:function:<name>`, without a qualifier.
  std::string function_arn() const;
};
using VersionHandle = std::shared_ptr<const Version>;

/// What stands for the digest of an image that nobody pulled: hexadecimal, as image digests are.
std::string image_digest(std::string_view image_uri);
/// `CodeSha256`: base64 of the package's, or an image's digest in hexadecimal.
std::string code_sha256(const Version& version);

}  // namespace aviary::lambda
