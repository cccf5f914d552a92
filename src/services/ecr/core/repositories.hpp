#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"

namespace aviary::ecr {

struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// A repository, and what has been said about it; there are no images in it.
struct Repository {
  Scope scope;
  std::string name;
  Instant created{};
  std::string mutability = "MUTABLE";
  Json exclusions = Json::array();
  bool scan_on_push = false;
  Json encryption = Json{{"encryptionType", "AES256"}};
  std::string lifecycle_policy;  ///< empty: none
  std::string policy;            ///< empty: none
  std::map<std::string, std::string> tags;

  std::string arn() const;
};

/// All repositories. Lives on the loop's thread.
class Repositories {
 public:
  explicit Repositories(Journal& journal) : records_(journal, "ecr_repositories") {}

  using ByName = std::map<std::string, Repository, std::less<>>;

  const ByName& in(const Scope& scope) { return repositories_[scope]; }
  /// Null if there is none.
  Repository* find(const Scope& scope, std::string_view name);
  /// As it is to be from now on.
  Repository& put(Repository repository);
  void erase(const Scope& scope, std::string_view name);

  void restore();
  void clear() { repositories_.clear(); }
  std::size_t size() const;

 private:
  Records<Json> records_;
  std::map<Scope, ByName> repositories_;
};

}  // namespace aviary::ecr
