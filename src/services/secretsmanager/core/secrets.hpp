#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/secretsmanager/core/secret.hpp"

namespace aviary::secretsmanager {

/// All secrets. Lives on the loop's thread. Those whose recovery window is over are gone: every look-up is
/// asked with the time.
class Secrets {
 public:
  Secrets(Journal& journal, Random& ids) : records_(journal, "secrets"), ids_(ids) {}

  using ByName = std::map<std::string, Secret, std::less<>>;

  const ByName& in(const Scope& scope, Instant now);
  /// By name, by ARN, or by an ARN without the six characters at its end. Null if there is none.
  Secret* find(const Scope& scope, std::string_view id, Instant now);
  Secret& add(Secret secret);
  void save(const Secret& secret) { records_.save(key_of(secret), record_of(secret)); }
  void erase(const Secret& secret);
  /// `arn:aws:secretsmanager:us-east-1:123456789012:secret:db-a1B2c3`
  std::string new_arn(const Scope& scope, std::string_view name);

  void restore();
  void clear() { secrets_.clear(); }
  std::size_t size() const;
  /// Every secret of everybody. `visit` neither adds nor removes.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [scope, secrets] : secrets_)
      for (auto& [name, secret] : secrets) visit(secret);
  }

 private:
  static std::string key_of(const Secret& secret) {
    return secret.scope.account + '/' + secret.scope.region + '/' + secret.name;
  }
  void drop_deleted(ByName& secrets, Instant now);

  Records<Json> records_;
  Random& ids_;
  std::map<Scope, ByName> secrets_;
};

/// A CSPRNG is not behind this: passwords are for tests.
struct PasswordRules {
  std::size_t length = 32;
  std::string excluded;
  bool no_numbers = false;
  bool no_punctuation = false;
  bool no_uppercase = false;
  bool no_lowercase = false;
  bool with_space = false;
  bool each_type = true;
};
Result<std::string> random_password(const PasswordRules& rules, Random& chance);

}  // namespace aviary::secretsmanager
