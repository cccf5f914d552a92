#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "ports/code_store.hpp"
#include "ports/records.hpp"
#include "services/lambda/core/function_store.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// A layer version as it was published. Immutable by type: the only way to hold one is `LayerVersionHandle`.
struct LayerVersion {
  Scope scope;
  std::string layer_name;
  std::uint64_t number;
  std::string description;
  std::string license_info;  ///< empty: not rendered
  /// Absent and empty render differently (recorded: test_layer_s3_content, test_layer_exceptions).
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::vector<std::string>> compatible_architectures;
  Instant created;
  CodeHandle code;
  bool is_signed = false;  ///< the package carries a signature of AWS Signer's

  std::string arn() const;
};
using LayerVersionHandle = std::shared_ptr<const LayerVersion>;

/// Which accounts beside the owner's may use a layer version. Key order inside a statement is AWS's.
struct LayerPolicy {
  std::string revision_id;  ///< changes with each edit (recorded: test_layer_policy_lifecycle)
  std::vector<OrderedJson> statements;
};

struct PublishedLayer {
  LayerVersionHandle version;
  LayerPolicy policy;  ///< without statements there is none
};

struct Layer {
  std::map<std::uint64_t, PublishedLayer> versions;  ///< deleted ones leave a gap that is never filled
  std::uint64_t next_number = 1;                     ///< kept when the last version is deleted
};

struct NewLayerVersion {
  Scope scope;
  std::string name;
  std::string description;
  std::string license_info;
  std::optional<std::vector<std::string>> compatible_runtimes;
  std::optional<std::vector<std::string>> compatible_architectures;
  CodeHandle code;
  bool is_signed = false;
};

/// What a list is narrowed to; empty: anything. A version that names no runtimes is in no runtime's list.
struct LayerFilter {
  std::string runtime;
  std::string architecture;
  bool accepts(const LayerVersion& version) const;
};

/// All layers of all accounts and regions. Synchronous; every member either refuses and changes nothing, or
/// changes memory and journal in one step. Functions do not point in here: they hold the layers' code.
class LayerStore {
 public:
  using Layers = std::map<std::string, Layer, std::less<>>;

  explicit LayerStore(Journal& journal);

  LayerVersionHandle publish(NewLayerVersion request, const Moment& at);
  /// Null if there is none.
  const PublishedLayer* find(const Scope& scope, std::string_view name, std::uint64_t number) const;
  /// Ordered by name; a layer all of whose versions were deleted is still in it, without any.
  const Layers& layers(const Scope& scope) const;
  /// Whether there was one. Its code stays as long as a function's version uses it.
  bool erase(const Scope& scope, std::string_view name, std::uint64_t number);
  /// Bytes of packages, counted once a version as AWS counts them
  /// (recorded: test_account_settings_total_code_size).
  std::uint64_t code_bytes(const Scope& scope) const;

  /// The new RevisionId. Refuses a version that is not there, a stale `revision_id` (if one is given), a
  /// statement id that is taken, and a policy beyond 20 KiB.
  Result<std::string> add_statement(const Scope& scope, std::string_view name, std::int64_t number,
                                    OrderedJson statement, std::string_view revision_id, const Moment& at);
  Result<> remove_statement(const Scope& scope, std::string_view name, std::int64_t number,
                            std::string_view statement_id, std::string_view revision_id, const Moment& at);

  /// Reads everything back; once, at start, before the first change (layers_restore.cpp).
  void restore(CodeStore& codes);
  /// Forgets everything in memory. The journal is cleared by whoever resets the emulator.
  void clear() { regions_.clear(); }

 private:
  PublishedLayer* find_for_change(const Scope& scope, std::string_view name, std::int64_t number);
  void save(const Scope& scope, std::string_view name, const Layer& layer);
  void save(const LayerVersion& version);
  void save(const LayerVersion& version, const LayerPolicy& policy);

  Journal& journal_;
  std::map<Scope, Layers> regions_;
  Records<Json> layer_records_;
  Records<Json> version_records_;
  Records<Json> policy_records_;
};

/// `Layer version <arn> does not exist.`
std::string no_such_layer_version(std::string_view layer_version_arn);

/// Whether a policy lets `account` get the version: everybody, the account, or its root. A statement for an
/// organization lets nobody in: accounts here are in none.
bool allows(const LayerPolicy& policy, std::string_view account);

/// As GetLayerVersionPolicy shows it.
OrderedJson policy_document(const LayerPolicy& policy);

}  // namespace aviary::lambda
