#include "services/lambda/core/function_store.hpp"

#include <fmt/format.h>

#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {
namespace {

std::uint64_t size_of(const VersionHandle& version) { return version->code ? version->code->size : 0; }

}  // namespace

FunctionStore::FunctionStore(Journal& journal, StoreOptions options)
    : journal_(journal),
      options_(std::move(options)),
      function_records_(journal, "lambda.functions"),
      version_records_(journal, "lambda.versions"),
      alias_records_(journal, "lambda.aliases"),
      policy_records_(journal, "lambda.policies"),
      attachment_records_(journal, "lambda.attachments") {}

Function* FunctionStore::find(const Scope& scope, std::string_view name, const Moment& at) {
  const auto region = regions_.find(scope);
  if (region == regions_.end()) return nullptr;
  const auto found = region->second.functions.find(name);
  if (found == region->second.functions.end()) return nullptr;
  settle(*found->second, at);
  return found->second.get();
}

const FunctionStore::Functions& FunctionStore::functions(const Scope& scope) const {
  static const Functions none;
  const auto region = regions_.find(scope);
  return region == regions_.end() ? none : region->second.functions;
}

std::uint64_t FunctionStore::code_bytes(const Scope& scope) const {
  const auto region = regions_.find(scope);
  return region == regions_.end() ? 0 : region->second.code_bytes;
}

FunctionStore::Totals FunctionStore::totals() const {
  Totals totals;
  for (const auto& [scope, region] : regions_) {
    totals.functions += region.functions.size();
    for (const auto& [name, function] : region.functions) {
      totals.versions += function->versions.size();
      totals.aliases += function->aliases.size();
    }
  }
  return totals;
}

std::vector<const Function*> FunctionStore::all() const {
  std::vector<const Function*> all;
  for (const auto& [scope, region] : regions_)
    for (const auto& [name, function] : region.functions) all.push_back(function.get());
  return all;
}

void FunctionStore::settle(Function& function, const Moment& at) {
  if (!function.settles_at || at.now < *function.settles_at) return;
  function.settles_at.reset();
  function.latest.state = State::Active;
  function.latest.last_update = UpdateStatus::Successful;
  // Each change of status gives a new RevisionId (recorded: test_function_revisions_basic).
  set_revision(function.latest, at);
  for (const std::uint64_t number : function.settles_with) {
    const auto version = function.versions.find(number);
    if (version == function.versions.end()) continue;
    const bool was_last = function.last_published == version->second.version;
    version->second.state = State::Active;
    version->second.last_update = UpdateStatus::Successful;
    set_revision(version->second, at);
    if (was_last) function.last_published = version->second.version;
    save(function, version->second);
  }
  function.settles_with.clear();
  save(function);
}

Result<Snapshot> FunctionStore::create(NewFunction request, const Moment& at) {
  Region& region = regions_[request.scope];
  if (region.functions.contains(request.name)) {
    return conflict("Function already exist: " + request.name);
  }
  auto owned = std::make_unique<Function>();
  Function& function = *owned;
  function.scope = request.scope;
  function.name = request.name;
  function.tags = std::move(request.tags);
  function.latest = {.version = make_version(function, request.contents, std::string(latest_qualifier),
                                             request.contents.configuration->description, at),
                     .state = State::Pending,
                     .last_update = UpdateStatus::None};
  function.settles_at = at.now + options_.activation_delay;
  region.code_bytes += size_of(function.latest.version);
  region.functions.emplace(function.name, std::move(owned));
  Snapshot result =
      request.publish == Publish::No
          ? function.latest
          : publish_now(function, std::nullopt, request.contents.packed, true, request.publish, at);
  save(function);
  return result;
}

Result<> FunctionStore::may_change(const Function& function, std::string_view revision_id) const {
  if (function.latest.state == State::Pending) return function_pending();
  if (function.latest.last_update == UpdateStatus::InProgress) {
    return update_in_progress(function.scope, function.name);
  }
  if (!revision_id.empty() && revision_id != function.latest.version->revision_id) return revision_mismatch();
  return {};
}

Result<FunctionStore::Replaced> FunctionStore::replace_latest(Function& function, Contents contents,
                                                              std::string_view revision_id, Publish publish,
                                                              const Moment& at) {
  settle(function, at);
  if (const Result<> allowed = may_change(function, revision_id); !allowed) return allowed.error();
  Replaced replaced{.before = function.latest.version, .result = {}};
  Region& region = regions_[function.scope];
  region.code_bytes -= size_of(function.latest.version);
  function.latest = {.version = make_version(function, contents, std::string(latest_qualifier),
                                             contents.configuration->description, at),
                     .state = State::Active,
                     .last_update = UpdateStatus::InProgress};
  region.code_bytes += size_of(function.latest.version);
  function.settles_at = at.now + options_.activation_delay;
  replaced.result = publish == Publish::No
                        ? function.latest
                        : publish_now(function, std::nullopt, contents.packed, true, publish, at);
  save(function);
  return replaced;
}

std::vector<VersionHandle> FunctionStore::erase(const Scope& scope, std::string_view name) {
  std::vector<VersionHandle> gone;
  Region& region = regions_[scope];
  const auto found = region.functions.find(name);
  if (found == region.functions.end()) return gone;
  const std::unique_ptr<Function> function = std::move(found->second);
  region.functions.erase(found);
  const std::string key = fmt::format("{}/{}/{}", scope.account, scope.region, function->name);
  gone.reserve(function->versions.size() + 1);
  gone.push_back(function->latest.version);
  for (const auto& [number, snapshot] : function->versions) {
    gone.push_back(snapshot.version);
    version_records_.erase(fmt::format("{}/{}", key, snapshot.version->number));
  }
  for (const auto& [alias, value] : function->aliases) alias_records_.erase(fmt::format("{}/{}", key, alias));
  for (const auto& [qualifier, value] : function->policies)
    policy_records_.erase(fmt::format("{}/{}", key, qualifier));
  for (const auto& [kind, by_qualifier] : function->attached)
    for (const auto& [qualifier, value] : by_qualifier)
      attachment_records_.erase(fmt::format("{}/{}/{}", key, kind, qualifier));
  function_records_.erase(key);
  for (const VersionHandle& version : gone) region.code_bytes -= size_of(version);
  return gone;
}

std::vector<VersionHandle> FunctionStore::clear() {
  std::vector<VersionHandle> gone;
  for (const auto& [scope, region] : regions_) {
    for (const auto& [name, function] : region.functions) {
      gone.push_back(function->latest.version);
      for (const auto& [number, snapshot] : function->versions) gone.push_back(snapshot.version);
    }
  }
  regions_.clear();
  return gone;
}

VersionHandle FunctionStore::make_version(const Function& function, const Contents& contents,
                                          std::string number, std::string description, const Moment& at) {
  return std::make_shared<const Version>(Version{.serial = next_serial_++,
                                                 .scope = function.scope,
                                                 .function_name = function.name,
                                                 .number = std::move(number),
                                                 .description = std::move(description),
                                                 .revision_id = at.ids.uuid(),
                                                 .last_modified = at.now,
                                                 .configuration = contents.configuration,
                                                 .code = contents.code,
                                                 .layers = contents.layers});
}

void FunctionStore::set_revision(Snapshot& snapshot, const Moment& at) const {
  auto renewed = std::make_shared<Version>(*snapshot.version);
  renewed->revision_id = at.ids.uuid();
  snapshot.version = std::move(renewed);
}

}  // namespace aviary::lambda
