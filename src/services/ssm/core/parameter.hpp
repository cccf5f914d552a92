#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace aviary::ssm {

/// Where parameters live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// One version of a parameter. Only its labels change after it was made.
struct Version {
  std::int64_t number = 1;
  std::string type;  ///< String, StringList, SecureString
  std::string value;
  std::string key_id;  ///< of a SecureString
  std::string tier;    ///< Standard, Advanced
  std::string description;
  std::string allowed_pattern;
  std::string data_type;
  Instant modified{};
  std::vector<std::string> labels;
};

struct Parameter {
  Scope scope;
  std::string name;
  std::vector<Version> versions;  ///< oldest first, never empty
  std::map<std::string, std::string> tags;

  const Version& latest() const { return versions.back(); }
  Version* version(std::int64_t number) {
    const auto found = std::ranges::find(versions, number, &Version::number);
    return found != versions.end() ? &*found : nullptr;
  }
  /// The version that has the label; null if none has.
  Version* labelled(std::string_view label);
  /// By `3` or by a label.
  Version* selected(std::string_view selector);
};

/// `arn:aws:ssm:us-east-1:123456789012:parameter/a/b`: one slash, also where the name begins with one.
std::string parameter_arn(const Scope& scope, std::string_view name);

/// What is seen of a SecureString without decryption: opaque, the same as long as the value is.
std::string ciphertext(const Parameter& parameter, const Version& version);

/// For the journal.
Json record_of(const Parameter& parameter);
Parameter parameter_from(const Json& record);

}  // namespace aviary::ssm
