#include "services/secretsmanager/core/secret.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/secretsmanager.hpp"

namespace aviary::secretsmanager {
namespace {

namespace errors = models::secretsmanager::errors;

constexpr std::size_t most_versions = 100;
constexpr std::size_t most_stages = 20;

AwsError invalid_parameter(std::string text) { return {errors::InvalidParameterException, std::move(text)}; }

Json moment(const std::optional<Instant>& at) { return at ? Json(at->time_since_epoch().count()) : Json(); }
std::optional<Instant> moment_from(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return Instant(Duration(value.get<std::int64_t>()));
}

}  // namespace

bool SecretVersion::has_stage(std::string_view stage) const {
  return std::ranges::find(stages, stage) != stages.end();
}

SecretVersion* Secret::version(std::string_view id) {
  const auto found = std::ranges::find(versions, id, &SecretVersion::id);
  return found != versions.end() ? &*found : nullptr;
}

SecretVersion* Secret::staged(std::string_view stage) {
  const auto found =
      std::ranges::find_if(versions, [&](const SecretVersion& each) { return each.has_stage(stage); });
  return found != versions.end() ? &*found : nullptr;
}

/// A stage is on one version at a time. Whoever loses AWSCURRENT becomes AWSPREVIOUS.
void Secret::attach(std::string_view stage, SecretVersion& to) {
  SecretVersion* holder = staged(stage);
  if (holder == &to) return;
  if (holder != nullptr) {
    std::erase(holder->stages, stage);
    if (stage == current_stage) attach(previous_stage, *holder);
  }
  to.stages.emplace_back(stage);
  // What is current is not previous at the same time.
  if (stage == current_stage) std::erase(to.stages, previous_stage);
}

/// Those without a stage are deprecated; the oldest of them go when there are too many.
void Secret::drop_old_versions() {
  while (versions.size() > most_versions) {
    const auto oldest =
        std::ranges::find_if(versions, [](const SecretVersion& each) { return each.stages.empty(); });
    if (oldest == versions.end()) return;
    versions.erase(oldest);
  }
}

Result<> Secret::put(std::string id, Value value, std::vector<std::string> stages, Instant now) {
  if (SecretVersion* known = version(id)) {
    if (known->value == value) return {};
    if (known->value.empty()) {
      known->value = std::move(value);
      for (const std::string& stage : stages) attach(stage, *known);
      changed = now;
      return {};
    }
    return AwsError(
        errors::ResourceExistsException,
        fmt::format("You can't use ClientRequestToken {} because that value is already in use for a "
                    "version of secret {}.",
                    id, arn));
  }
  // The first version is the current one, whatever else it is.
  if (versions.empty() && std::ranges::find(stages, current_stage) == stages.end())
    stages.emplace_back(current_stage);
  if (stages.size() > most_stages)
    return AwsError(errors::LimitExceededException,
                    "A secret version can't have more than 20 staging labels attached.");
  SecretVersion fresh;
  fresh.id = std::move(id);
  fresh.value = std::move(value);
  fresh.created = now;
  versions.push_back(std::move(fresh));
  for (const std::string& stage : stages) attach(stage, versions.back());
  drop_old_versions();
  changed = now;
  return {};
}

void Secret::begin_rotation(const std::string& id, Instant now) {
  SecretVersion fresh;
  fresh.id = id;
  fresh.created = now;
  versions.push_back(std::move(fresh));
  attach(pending_stage, versions.back());
  drop_old_versions();
}

std::string Secret::unfinished_rotation() {
  const SecretVersion* pending = staged(pending_stage);
  return pending != nullptr && !pending->has_stage(current_stage) ? pending->id : std::string();
}

Result<> Secret::move_stage(std::string_view stage, const std::string& from, const std::string& to,
                            Instant now) {
  SecretVersion* holder = staged(stage);
  for (const std::string& id : {from, to})
    if (!id.empty() && version(id) == nullptr)
      return AwsError(errors::ResourceNotFoundException,
                      fmt::format("Secrets Manager can't find the specified secret version: {}.", id));
  if (from.empty() && to.empty())
    return invalid_parameter("You must specify MoveToVersionId, RemoveFromVersionId, or both.");
  if (!from.empty() && holder != version(from))
    return invalid_parameter(
        fmt::format("The staging label {} isn't currently attached to version {}.", stage, from));
  if (from.empty() && holder != nullptr && holder->id != to)
    return invalid_parameter(fmt::format(
        "The parameter RemoveFromVersionId can't be empty. Staging label {} is currently attached "
        "to version {}, so you must explicitly reference that version in RemoveFromVersionId.",
        stage, holder->id));
  if (to.empty()) {
    if (stage == current_stage)
      return invalid_parameter(
          "You can only move staging label AWSCURRENT to a different secret version. It can\xE2\x80\x99t be "
          "completely removed.");
    std::erase(holder->stages, stage);
  } else {
    SecretVersion& target = *version(to);
    if (target.stages.size() >= most_stages && !target.has_stage(stage))
      return AwsError(errors::LimitExceededException,
                      "A secret version can't have more than 20 staging labels attached.");
    attach(stage, target);
  }
  changed = now;
  return {};
}

Json record_of(const Secret& secret) {
  Json versions = Json::array();
  for (const SecretVersion& each : secret.versions) {
    Json version{{"id", each.id},
                 {"stages", each.stages},
                 {"created", each.created.time_since_epoch().count()},
                 {"accessed", moment(each.accessed)}};
    if (each.value.text) version["text"] = *each.value.text;
    if (each.value.bytes) version["bytes"] = base64_encode(*each.value.bytes);
    versions.push_back(std::move(version));
  }
  return {{"account", secret.scope.account},
          {"region", secret.scope.region},
          {"arn", secret.arn},
          {"name", secret.name},
          {"description", secret.description},
          {"key", secret.key_id},
          {"policy", secret.policy},
          {"tags", secret.tags},
          {"versions", std::move(versions)},
          {"created", secret.created.time_since_epoch().count()},
          {"changed", secret.changed.time_since_epoch().count()},
          {"accessed", moment(secret.accessed)},
          {"deletion", moment(secret.deletion)},
          {"rotation", record_of(secret.rotation)}};
}

Secret secret_from(const Json& record) {
  Secret secret;
  record.at("account").get_to(secret.scope.account);
  record.at("region").get_to(secret.scope.region);
  record.at("arn").get_to(secret.arn);
  record.at("name").get_to(secret.name);
  record.at("description").get_to(secret.description);
  record.at("key").get_to(secret.key_id);
  record.at("policy").get_to(secret.policy);
  secret.tags = record.at("tags");
  secret.created = *moment_from(record.at("created"));
  secret.changed = *moment_from(record.at("changed"));
  secret.accessed = moment_from(record.at("accessed"));
  secret.deletion = moment_from(record.at("deletion"));
  secret.rotation = rotation_from(record.at("rotation"));
  for (const Json& each : record.at("versions")) {
    SecretVersion version;
    each.at("id").get_to(version.id);
    each.at("stages").get_to(version.stages);
    version.created = *moment_from(each.at("created"));
    version.accessed = moment_from(each.at("accessed"));
    if (each.contains("text")) version.value.text = each["text"].get<std::string>();
    if (each.contains("bytes")) version.value.bytes = base64_decode(each["bytes"].get<std::string>());
    secret.versions.push_back(std::move(version));
  }
  return secret;
}

}  // namespace aviary::secretsmanager
