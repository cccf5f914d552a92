#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ports/code_store.hpp"
#include "ports/images.hpp"
#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/lambda/core/function.hpp"
#include "services/lambda/core/snap_start.hpp"

namespace aviary::lambda {

/// When a change happens and where its new ids come from.
struct Moment {
  Instant now;
  Random& ids;
};

struct StoreOptions {
  /// How long a function stays Pending after its creation, and InProgress after an update. Zero: until the
  /// next call.
  Duration activation_delay{0};
  /// What UpdateAlias does to the weights when it names a version and no RoutingConfig: send all traffic to
  /// that version (false), or leave the weights (true).
  bool keep_omitted_routing = false;
  RouterSettings router{};  ///< for aliases that have no settings of their own
};

/// Whether a change is published, and as what: the next number, or `$LATEST.PUBLISHED`, which is replaced.
enum class Publish : std::uint8_t { No, Numbered, Unnumbered };

/// What `$LATEST` is made of.
struct Contents {
  std::shared_ptr<const Configuration> configuration;
  CodeHandle code;  ///< null for images that only an engine knows
  std::vector<CodeHandle> layers;
  /// What a version that is published at once has in place of `code`, where that is a folder of the
  /// developer's: what lies in it now.
  CodeHandle packed{};
};

struct NewFunction {
  Scope scope;
  std::string name;
  Contents contents;
  std::map<std::string, std::string, std::less<>> tags;
  Publish publish = Publish::No;
};

struct PublishRequest {
  std::optional<std::string> description;
  std::string code_sha256;  ///< empty: any
  std::string revision_id;  ///< empty: any
  CodeHandle packed{};      ///< as `Contents::packed`
  Publish publish = Publish::Numbered;
};

/// `AdditionalVersionWeights` as a caller gave it, at most one entry of it.
struct AdditionalVersion {
  std::string version;
  double weight;
};

struct AliasChange {
  std::optional<std::string> version;
  std::optional<std::string> description;
  bool has_routing = false;  ///< a RoutingConfig was given, be it empty
  std::optional<AdditionalVersion> additional;
  std::string revision_id;  ///< empty: any
};

/// All functions of all accounts and regions, with their versions, aliases, policies and tags: the whole
/// state of the service. Synchronous; every member either refuses and changes nothing, or changes memory and
/// journal in one step. Published versions are found, made and listed without looking at the others.
class FunctionStore {
 public:
  using Functions = std::map<std::string, std::unique_ptr<Function>, std::less<>>;

  FunctionStore(Journal& journal, StoreOptions options);

  /// Null if there is none. What was due by `at` (Pending → Active, InProgress → Successful) has happened on
  /// return.
  Function* find(const Scope& scope, std::string_view name, const Moment& at);
  /// Ordered by name; what is due has not necessarily happened, see `settle`.
  const Functions& functions(const Scope& scope) const;
  /// Bytes of code packages, counted once a version as AWS counts them.
  std::uint64_t code_bytes(const Scope& scope) const;
  void settle(Function& function, const Moment& at);
  /// Of all accounts and regions.
  struct Totals {
    std::size_t functions = 0;
    std::size_t versions = 0;
    std::size_t aliases = 0;
  };
  Totals totals() const;

  /// Of all accounts and regions, in order.
  std::vector<const Function*> all() const;

  // Functions and versions (function_store.cpp, versions.cpp)
  /// The new `$LATEST`, or version 1 if it shall be published at once.
  Result<Snapshot> create(NewFunction request, const Moment& at);
  /// Refuses while another change is under way, or if `revision_id` is given and stale.
  Result<> may_change(const Function& function, std::string_view revision_id) const;
  struct Replaced {
    VersionHandle before;  ///< what `$LATEST` was
    Snapshot result;       ///< the new `$LATEST`, or the version that was published with it
  };
  Result<Replaced> replace_latest(Function& function, Contents contents, std::string_view revision_id,
                                  Publish publish, const Moment& at);
  /// Whether publishing makes a version, because something has changed. `packed`: as
  /// `PublishRequest::packed`.
  bool publishes_anew(const Function& function, const CodeHandle& packed,
                      Publish publish = Publish::Numbered) const;
  Result<Snapshot> publish(Function& function, const PublishRequest& request, const Moment& at);
  /// The snapshot of a version that waited for it was made, or failed. False if the version is gone, or waits
  /// no more.
  bool conclude_snapshot(Function& function, const Version& version, const SnapshotOutcome& made,
                         const Moment& at);
  /// All its versions: environments of theirs have to end.
  std::vector<VersionHandle> erase(const Scope& scope, std::string_view name);
  /// Null if there was no such version; refused while an alias points to it. `version`: as `Version::number`.
  Result<VersionHandle> erase_version(Function& function, std::string_view version);
  /// A published version may not run, or may again. Whether it has changed anything.
  bool set_deactivated(Function& function, std::string_view number, bool deactivated);
  /// `qualifier` is a number, `$LATEST` or `$LATEST.PUBLISHED`.
  const Snapshot* find_version(const Function& function, std::string_view qualifier) const;
  /// As before, or nothing (`$LATEST`), or an alias: then the version that it mainly points to.
  const Snapshot* find_qualified(const Function& function, std::string_view qualifier) const;

  // Aliases (aliases.cpp)
  Result<const Alias*> create_alias(Function& function, std::string name, const AliasChange& change,
                                    const Moment& at);
  Result<const Alias*> update_alias(Function& function, std::string_view name, const AliasChange& change,
                                    const Moment& at);
  void erase_alias(Function& function, std::string_view name);
  /// Gives an alias settings of its own, or (nothing) the service's again. False if there is no such alias.
  bool set_router(Function& function, std::string_view alias, std::optional<RouterSettings> settings);
  const RouterSettings& router_of(const Alias& alias) const;

  // Policies and tags (policies.cpp)
  /// The RevisionId that guards a qualifier's policy: that of `$LATEST`, the version or the alias. Null if
  /// none exists.
  const std::string* revision_of(const Function& function, std::string_view qualifier) const;
  Result<> add_statement(Function& function, std::string_view qualifier, OrderedJson statement,
                         std::string_view revision_id, const Moment& at);
  Result<> remove_statement(Function& function, std::string_view qualifier, std::string_view statement_id,
                            std::string_view revision_id, const Moment& at);
  Result<> tag(Function& function, const std::map<std::string, std::string>& tags);
  void untag(Function& function, const std::vector<std::string>& keys);

  // Attachments (attachments.cpp)
  /// What was attached to the function (qualifier empty), a version or an alias; null if nothing.
  const Json* attached(const Function& function, std::string_view kind, std::string_view qualifier) const;
  void attach(Function& function, std::string_view kind, std::string_view qualifier, Json document);
  /// False if there was nothing.
  bool detach(Function& function, std::string_view kind, std::string_view qualifier);

  /// Reads everything back; once, at start, before the first change (restore.cpp).
  /// Without `images`, those that were taken in count as gone.
  void restore(CodeStore& codes, ImageStore* images = nullptr);
  /// Forgets everything in memory and returns what was there. The journal is cleared by whoever resets the
  /// emulator.
  std::vector<VersionHandle> clear();

 private:
  struct Region {
    Functions functions;
    std::uint64_t code_bytes = 0;
  };

  VersionHandle make_version(const Function& function, const Contents& contents, std::string number,
                             std::string description, const Moment& at);
  Snapshot publish_now(Function& function, const std::optional<std::string>& description,
                       const CodeHandle& packed, bool pending, Publish publish, const Moment& at);
  void set_revision(Snapshot& snapshot, const Moment& at) const;
  Result<Routing> checked_routing(const Function& function, std::string version,
                                  const std::optional<AdditionalVersion>& additional) const;
  void renew_source(const Function& function, Alias& alias) const;
  void touch_revision(Function& function, std::string_view qualifier, const Moment& at);

  void detach_all(Function& function, std::string_view qualifier);

  void save(const Function& function);
  void save(const Function& function, const Snapshot& snapshot);
  void save(const Function& function, const Alias& alias);
  void save(const Function& function, std::string_view qualifier, const Policy& policy);

  Journal& journal_;
  StoreOptions options_;
  std::map<Scope, Region> regions_;
  std::uint64_t next_serial_ = 1;
  Records<Json> function_records_;
  Records<Json> version_records_;
  Records<Json> alias_records_;
  Records<Json> policy_records_;
  Records<Json> attachment_records_;
};

}  // namespace aviary::lambda
