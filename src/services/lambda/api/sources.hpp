#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/code_store.hpp"
#include "ports/task.hpp"
#include "services/lambda/core/version.hpp"

/// What Lambda needs of its neighbours, as narrow as it needs it. The composition root ties them together.
namespace aviary::lambda {

/// Code that lies in S3.
class CodeSource {
 public:
  virtual ~CodeSource() = default;
  /// `version` may be empty. An error is what S3 answered: its code goes into the text of Lambda's own error.
  struct Problem {
    std::string code;     ///< `NoSuchBucket`, `NoSuchKey`, …
    std::string message;  ///< as S3 words it
  };
  struct Fetched {
    std::string bytes;
    std::optional<Problem> problem;
    std::shared_ptr<BodySource> source{};  ///< set: they are taken from here
  };
  /// What is larger than `most_bytes` is not read at all: `EntityTooLarge`.
  virtual Task<Fetched> fetch(Scope caller, std::string bucket, std::string key, std::string version,
                              std::uint64_t most_bytes) = 0;
};

/// While there is no S3, no bucket exists.
class NoCodeSource final : public CodeSource {
 public:
  Task<Fetched> fetch(Scope, std::string, std::string, std::string, std::uint64_t) override {
    co_return Fetched{.bytes = {}, .problem = Problem{"NoSuchBucket", "The specified bucket does not exist"}};
  }
};

/// Layer versions, by their ARN.
class LayerSource {
 public:
  virtual ~LayerSource() = default;
  /// Null if there is none that the caller may use.
  virtual CodeHandle find(const Scope& caller, std::string_view layer_version_arn) = 0;
};

}  // namespace aviary::lambda
