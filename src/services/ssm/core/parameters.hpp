#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"
#include "services/ssm/core/names.hpp"
#include "services/ssm/core/parameter.hpp"

namespace aviary::ssm {

/// All parameters. Lives on the loop's thread.
class Parameters {
 public:
  explicit Parameters(Journal& journal) : records_(journal, "ssm_parameters") {}

  using ByName = std::map<std::string, Parameter, std::less<>>;

  const ByName& in(const Scope& scope) { return parameters_[scope]; }
  /// Null if there is none.
  Parameter* find(const Scope& scope, const Reference& reference);
  Parameter& add(Parameter parameter);
  void save(const Parameter& parameter) { records_.save(key_of(parameter), record_of(parameter)); }
  void erase(const Parameter& parameter);

  void restore();
  void clear() { parameters_.clear(); }
  std::size_t size() const;

 private:
  static std::string key_of(const Parameter& parameter) {
    return parameter.scope.account + '/' + parameter.scope.region + '/' + parameter.name;
  }

  Records<Json> records_;
  std::map<Scope, ByName> parameters_;
};

/// What a version is to be: the caller's words, with what they leave out.
struct NewVersion {
  std::string type;
  std::string value;
  std::string key_id;
  std::string tier;  ///< as asked for: may be Intelligent-Tiering, may be empty
  std::string description;
  std::string allowed_pattern;
  std::string data_type;
};

/// The version that follows `latest` (null: the parameter is new), or why it cannot be.
Result<Version> next_version(const Version* latest, NewVersion wanted, Instant now);

/// Adds a version; the oldest goes when there are a hundred. Refused when that one has a label.
Result<> append_version(Parameter& parameter, Version version);

}  // namespace aviary::ssm
