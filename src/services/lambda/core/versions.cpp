#include <fmt/format.h>

#include <charconv>

#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {
namespace {

/// Whether publishing `latest` would only repeat `published`. A description given when it was published is
/// the version's own and does not count; the configuration's does.
bool same_contents(const Version& published, const Version& latest, const CodeHandle& code) {
  if (published.code != code) {
    if (!published.code || !code || published.code->digest != code->digest) return false;
  }
  return published.configuration == latest.configuration || *published.configuration == *latest.configuration;
}

}  // namespace

std::optional<std::uint64_t> version_key(std::string_view text) {
  if (text == published_qualifier) return published_number;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // "01" is not a version: there is one spelling for each.
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('0')) return std::nullopt;
  if (number == published_number) return std::nullopt;
  return number;
}

bool FunctionStore::publishes_anew(const Function& function, const CodeHandle& packed,
                                   Publish publish) const {
  const Version& latest = *function.latest.version;
  VersionHandle before = function.last_published;
  if (publish == Publish::Unnumbered) {
    const Snapshot* found = find_version(function, published_qualifier);
    before = found ? found->version : nullptr;
  }
  return !before || !same_contents(*before, latest, packed ? packed : latest.code);
}

Result<Snapshot> FunctionStore::publish(Function& function, const PublishRequest& request, const Moment& at) {
  settle(function, at);
  if (const Result<> allowed = may_change(function, request.revision_id); !allowed) return allowed.error();
  if (!request.code_sha256.empty()) {
    const std::string current = code_sha256(*function.latest.version);
    if (request.code_sha256 != current) {
      return invalid_parameter(fmt::format(
          "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the "
          "CodeSHA256 in $LATEST.",
          request.code_sha256, current));
    }
  }
  Snapshot result = publish_now(function, request.description, request.packed, false, request.publish, at);
  return result;
}

/// A version published from an active `$LATEST` is active at once; one that is published together with a
/// creation or an update waits with it and has no LastUpdateStatus until then (recorded:
/// test_version_lifecycle, test_publish_with_update).
Snapshot FunctionStore::publish_now(Function& function, const std::optional<std::string>& description,
                                    const CodeHandle& packed, bool pending, Publish publish,
                                    const Moment& at) {
  const Version& latest = *function.latest.version;
  const CodeHandle code = packed ? packed : latest.code;
  const bool numbered = publish != Publish::Unnumbered;
  if (!publishes_anew(function, packed, publish)) {
    return *find_version(function, numbered ? function.last_published->number : published_qualifier);
  }
  const std::uint64_t number = numbered ? function.next_number++ : published_number;
  const Contents contents{.configuration = latest.configuration, .code = code, .layers = latest.layers};
  std::string name = numbered ? std::to_string(number) : std::string(published_qualifier);
  Snapshot published{.version = make_version(function, contents, std::move(name),
                                             description.value_or(latest.configuration->description), at)};
  // One that starts from a snapshot waits for that, however long it takes.
  const bool from_snapshot = starts_from_snapshot(*published.version);
  if (pending || from_snapshot) {
    published.state = State::Pending;
    published.last_update = UpdateStatus::None;
  }
  if (numbered) function.last_published = published.version;
  if (pending && !from_snapshot) function.settles_with.push_back(number);
  std::uint64_t& bytes = regions_[function.scope].code_bytes;
  bytes += code ? code->size : 0;
  save(function, published);
  if (numbered) {
    function.versions.emplace_hint(function.versions.end(), number, published);
  } else {
    Snapshot& place = function.versions[number];
    if (place.version && place.version->code) bytes -= place.version->code->size;
    place = published;
  }
  // Publishing gives $LATEST a new RevisionId as well (recorded: test_version_lifecycle).
  if (!pending) set_revision(function.latest, at);
  save(function);
  return published;
}

bool FunctionStore::conclude_snapshot(Function& function, const Version& version, const SnapshotOutcome& made,
                                      const Moment& at) {
  const auto found = function.versions.find(version_key(version.number).value_or(0));
  if (found == function.versions.end()) return false;
  Snapshot& snapshot = found->second;
  if (snapshot.version->serial != version.serial || snapshot.state != State::Pending) return false;
  const bool was_last = function.last_published == snapshot.version;
  snapshot.state = made.kind == SnapshotOutcome::Kind::Failed ? State::Failed : State::Active;
  snapshot.last_update = UpdateStatus::Successful;
  snapshot.reason_code = made.code;
  snapshot.reason = made.reason;
  set_revision(snapshot, at);
  if (was_last) function.last_published = snapshot.version;
  save(function, snapshot);
  return true;
}

bool FunctionStore::set_deactivated(Function& function, std::string_view number, bool deactivated) {
  const auto found = function.versions.find(version_key(number).value_or(0));
  const State before = deactivated ? State::Active : State::Deactivated;
  if (found == function.versions.end() || found->second.state != before) return false;
  found->second.state = deactivated ? State::Deactivated : State::Active;
  save(function, found->second);
  return true;
}

Result<VersionHandle> FunctionStore::erase_version(Function& function, std::string_view version) {
  const auto found = function.versions.find(version_key(version).value_or(0));
  if (found == function.versions.end()) return VersionHandle{};
  const std::string text = found->second.version->number;
  std::string users;
  for (const auto& [name, alias] : function.aliases) {
    if (alias.routing.version != text && alias.routing.additional_version != text) continue;
    if (!users.empty()) users += ", ";
    users += name;
  }
  if (!users.empty()) {
    // Seen with live functions, among others github.com/karl-cardenas-coding/go-lambda-cleanup/issues/45.
    return conflict(
        fmt::format("Unable to delete version because the following aliases reference it: [{}]", users));
  }
  VersionHandle gone = found->second.version;
  function.versions.erase(found);
  const std::string key =
      fmt::format("{}/{}/{}/{}", function.scope.account, function.scope.region, function.name, text);
  version_records_.erase(key);
  if (const auto policy = function.policies.find(text); policy != function.policies.end()) {
    function.policies.erase(policy);
    policy_records_.erase(key);
  }
  detach_all(function, text);
  if (gone->code) regions_[function.scope].code_bytes -= gone->code->size;
  if (function.last_published && function.last_published->number == text) {
    function.last_published.reset();
    save(function);
  }
  return gone;
}

const Snapshot* FunctionStore::find_version(const Function& function, std::string_view qualifier) const {
  if (qualifier == latest_qualifier) return &function.latest;
  const std::optional<std::uint64_t> number = version_key(qualifier);
  if (!number) return nullptr;
  const auto found = function.versions.find(*number);
  return found == function.versions.end() ? nullptr : &found->second;
}

const Snapshot* FunctionStore::find_qualified(const Function& function, std::string_view qualifier) const {
  if (qualifier.empty() || qualifier == latest_qualifier) return &function.latest;
  if (is_version_number(qualifier) || qualifier == published_qualifier)
    return find_version(function, qualifier);
  const auto alias = function.aliases.find(qualifier);
  return alias == function.aliases.end() ? nullptr : find_version(function, alias->second.routing.version);
}

}  // namespace aviary::lambda
