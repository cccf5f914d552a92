#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "services/secretsmanager/core/rotation.hpp"

namespace aviary::secretsmanager {

/// Where secrets live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

inline constexpr std::string_view current_stage = "AWSCURRENT";
inline constexpr std::string_view previous_stage = "AWSPREVIOUS";
inline constexpr std::string_view pending_stage = "AWSPENDING";

/// What is kept secret: one of the two; none yet of a version that a rotation has begun.
struct Value {
  std::optional<std::string> text;
  std::optional<std::string> bytes;
  bool empty() const { return !text && !bytes; }
  bool operator==(const Value&) const = default;
};

struct SecretVersion {
  std::string id;
  Value value;
  std::vector<std::string> stages;
  Instant created{};
  std::optional<Instant> accessed;

  bool has_stage(std::string_view stage) const;
};

/// A secret with its versions. Which stage is on which version is all that changes in a version.
/// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
struct Secret {
  Scope scope;
  std::string arn;
  std::string name;
  std::string description;
  std::string key_id;
  std::string policy;
  Json tags = Json::array();
  std::vector<SecretVersion> versions;  ///< oldest first
  Instant created{};
  Instant changed{};
  std::optional<Instant> accessed;
  std::optional<Instant> deletion;  ///< when it goes; nothing: it stays
  Rotation rotation;

  SecretVersion* version(std::string_view id);
  SecretVersion* staged(std::string_view stage);

  /// Adds a version, or does nothing when the same is there already under this id. The stages move to it.
  Result<> put(std::string id, Value value, std::vector<std::string> stages, Instant now);
  /// Moves or removes one stage, as UpdateSecretVersionStage says.
  Result<> move_stage(std::string_view stage, const std::string& from, const std::string& to, Instant now);

  /// Adds a version without a value, for the rotation's function to fill.
  void begin_rotation(const std::string& id, Instant now);
  /// The version that a rotation has begun and not made the current one; empty if there is none.
  std::string unfinished_rotation();

 private:
  void attach(std::string_view stage, SecretVersion& to);
  void drop_old_versions();
};

/// For the journal.
Json record_of(const Secret& secret);
Secret secret_from(const Json& record);

}  // namespace aviary::secretsmanager
