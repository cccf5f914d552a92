#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/secretsmanager.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "wire/protocol.hpp"

namespace aviary::secretsmanager {
namespace {

namespace errors = models::secretsmanager::errors;

bool is_secret_name(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-/_+=.@!").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Json stages_by_version(const Secret& secret) {
  Json out = Json::object();
  for (const SecretVersion& each : secret.versions)
    if (!each.stages.empty()) out[each.id] = each.stages;
  return out;
}

/// What DescribeSecret and ListSecrets have in common.
Json secret_row(const Secret& secret) {
  Json row{{"ARN", secret.arn},
           {"Name", secret.name},
           {"Tags", secret.tags},
           {"CreatedDate", epoch_seconds(secret.created)},
           {"LastChangedDate", epoch_seconds(secret.changed)}};
  if (!secret.description.empty()) row["Description"] = secret.description;
  if (!secret.key_id.empty()) row["KmsKeyId"] = secret.key_id;
  if (!secret.rotation.function.empty()) {
    row["RotationEnabled"] = secret.rotation.enabled;
    row["RotationLambdaARN"] = secret.rotation.function;
    row["RotationRules"] = secret.rotation.rules;
    if (secret.rotation.last) row["LastRotatedDate"] = epoch_seconds(*secret.rotation.last);
    if (secret.rotation.next) row["NextRotationDate"] = epoch_seconds(*secret.rotation.next);
  }
  if (secret.accessed) row["LastAccessedDate"] = epoch_seconds(*secret.accessed);
  if (secret.deletion) row["DeletedDate"] = epoch_seconds(*secret.deletion);
  return row;
}

Result<> refuse_replicas(const Json& input) {
  if (input.value("AddReplicaRegions", Json::array()).empty()) return {};
  return AwsError(wire::errors::NotImplemented, "Aviary does not replicate secrets to other regions.");
}

}  // namespace

Result<Reply> SecretsManagerService::create_secret(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = secret_text(call.input, "Name");
  if (!is_secret_name(name))
    return AwsError(errors::ValidationException,
                    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
                    "following: -/_+=.@!");
  if (const Result<> valid = refuse_replicas(call.input); !valid) return valid.error();
  Result<std::optional<Value>> value = value_in(call.input);
  if (!value) return value.error();
  std::string token = secret_text(call.input, "ClientRequestToken");
  if (const Secret* existing = secrets_.find(scope, name, call.now)) {
    if (existing->deletion)
      return invalid_request(
          "You can't create this secret because a secret with this name is already scheduled for deletion.");
    // The same request again is no second secret.
    if (!token.empty() && *value && existing->versions.size() == 1 && existing->versions[0].id == token &&
        existing->versions[0].value == **value) {
      Reply again = reply_about(*existing);
      again.output["VersionId"] = token;
      return again;
    }
    return AwsError(errors::ResourceExistsException,
                    fmt::format("The operation failed because the secret {} already exists.", name));
  }
  Secret secret;
  secret.scope = scope;
  secret.name = name;
  secret.arn = secrets_.new_arn(scope, name);
  secret.description = secret_text(call.input, "Description");
  secret.key_id = secret_text(call.input, "KmsKeyId");
  secret.tags = call.input.value("Tags", Json::array());
  secret.created = secret.changed = call.now;
  Reply reply = reply_about(secret);
  if (*value) {
    if (token.empty()) token = ids_.uuid();
    reply.output["VersionId"] = token;
    if (const Result<> put = secret.put(token, std::move(**value), {}, call.now); !put) return put.error();
  }
  secrets_.save(secrets_.add(std::move(secret)));
  return reply;
}

Result<Reply> SecretsManagerService::update_secret(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Result<std::optional<Value>> value = value_in(call.input);
  if (!value) return value.error();
  // Changed as a whole or not at all.
  Secret changed = **found;
  if (call.input.contains("Description")) changed.description = secret_text(call.input, "Description");
  if (call.input.contains("KmsKeyId")) changed.key_id = secret_text(call.input, "KmsKeyId");
  changed.changed = call.now;
  Reply reply = reply_about(changed);
  if (*value) {
    std::string token = secret_text(call.input, "ClientRequestToken");
    if (token.empty()) token = ids_.uuid();
    reply.output["VersionId"] = token;
    if (const Result<> put = changed.put(token, std::move(**value), {std::string(current_stage)}, call.now);
        !put)
      return put.error();
  }
  secrets_.save(secrets_.add(std::move(changed)));
  return reply;
}

Result<Reply> SecretsManagerService::describe_secret(Call& call) {
  const Result<Secret*> found = any_secret(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = secret_row(**found);
  reply.output["VersionIdsToStages"] = stages_by_version(**found);
  return reply;
}

bool meets_filters(const Secret& secret, const Json& filters) {
  const auto has = [](std::string text, std::string wanted, bool from_start) {
    const auto small = [](unsigned char c) { return std::tolower(c); };
    std::ranges::transform(text, text.begin(), small);
    std::ranges::transform(wanted, wanted.begin(), small);
    return from_start ? text.starts_with(wanted) : text.find(wanted) != std::string::npos;
  };
  const auto one = [&](const std::string& key, const std::string& wanted) {
    const bool everywhere = key == "all";
    bool met = false;
    if (key == "name" || everywhere) met = has(secret.name, wanted, !everywhere);
    if (key == "description" || everywhere) met = met || has(secret.description, wanted, false);
    for (const Json& tag : secret.tags) {
      // Of tags AWS says that case matters.
      if (key == "tag-key" || everywhere) met = met || secret_text(tag, "Key").starts_with(wanted);
      if (key == "tag-value" || everywhere) met = met || secret_text(tag, "Value").starts_with(wanted);
    }
    if (key == "primary-region") met = secret.scope.region == wanted;
    return met;
  };
  return std::ranges::all_of(filters, [&](const Json& filter) {
    const std::string key = secret_text(filter, "Key");
    return std::ranges::any_of(filter.value("Values", Json::array()), [&](const Json& value) {
      const std::string wanted = value.get<std::string>();
      return wanted.starts_with('!') ? !one(key, wanted.substr(1)) : one(key, wanted);
    });
  });
}

Result<Reply> SecretsManagerService::list_secrets(Call& call) {
  const Json filters = call.input.value("Filters", Json::array());
  const std::string order = call.input.value("SortOrder", "desc");
  const std::string by = call.input.value("SortBy", "created-date");
  std::vector<const Secret*> listed;
  for (const auto& [name, secret] : secrets_.in(scope_of(call), call.now))
    if ((!secret.deletion || call.input.value("IncludePlannedDeletion", false)) &&
        meets_filters(secret, filters))
      listed.push_back(&secret);
  const auto key_of = [&](const Secret* secret) -> Instant {
    if (by == "last-changed-date") return secret->changed;
    return by == "last-accessed-date" ? secret->accessed.value_or(Instant{}) : secret->created;
  };
  if (by != "name")
    std::ranges::stable_sort(listed, [&](const Secret* a, const Secret* b) { return key_of(a) < key_of(b); });
  if (order == "desc") std::ranges::reverse(listed);
  const std::string token = secret_text(call.input, "NextToken");
  std::size_t start = 0;
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), start);
  if (!token.empty() &&
      (problem != std::errc{} || end != token.data() + token.size() || start > listed.size()))
    return AwsError(errors::InvalidNextTokenException, "Invalid NextToken.");
  const std::size_t limit = call.input.value("MaxResults", std::size_t{100});
  Reply reply;
  Json& rows = reply.output["SecretList"] = Json::array();
  for (std::size_t i = start; i < listed.size() && i < start + limit; ++i) {
    Json row = secret_row(*listed[i]);
    row["SecretVersionsToStages"] = stages_by_version(*listed[i]);
    rows.push_back(std::move(row));
  }
  if (start + limit < listed.size()) reply.output["NextToken"] = std::to_string(start + limit);
  return reply;
}

Result<Reply> SecretsManagerService::delete_secret(Call& call) {
  const bool forced = call.input.value("ForceDeleteWithoutRecovery", false);
  const bool has_window = call.input.contains("RecoveryWindowInDays");
  const auto days = call.input.value("RecoveryWindowInDays", std::int64_t{30});
  if (forced && has_window)
    return invalid_secret_parameter(
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  if (days < 7 || days > 30)
    return invalid_secret_parameter(
        "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
  const Result<Secret*> found = any_secret(call);
  if (!found) {
    // Forced deletion of what is not there succeeds, as the guide says.
    if (!forced) return found.error();
    const std::string id = secret_text(call.input, "SecretId");
    Reply gone;
    gone.output = {{"ARN", id.starts_with("arn:") ? id : secrets_.new_arn(scope_of(call), id)},
                   {"Name", id.substr(id.rfind(':') + 1)},
                   {"DeletionDate", epoch_seconds(call.now)}};
    return gone;
  }
  Secret& secret = **found;
  if (secret.deletion && !forced)
    return invalid_request(
        "You can't perform this operation on the secret because it was already scheduled for deletion.");
  const Instant when = forced ? call.now : call.now + std::chrono::hours(24 * days);
  Reply reply = reply_about(secret);
  reply.output["DeletionDate"] = epoch_seconds(when);
  if (forced) {
    secrets_.erase(secret);
  } else {
    secret.deletion = when;
    secrets_.save(secret);
  }
  return reply;
}

Result<Reply> SecretsManagerService::restore_secret(Call& call) {
  const Result<Secret*> found = any_secret(call);
  if (!found) return found.error();
  (*found)->deletion.reset();
  secrets_.save(**found);
  return reply_about(**found);
}

}  // namespace aviary::secretsmanager
