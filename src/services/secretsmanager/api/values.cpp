#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/secretsmanager.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"

namespace aviary::secretsmanager {
namespace {

namespace errors = models::secretsmanager::errors;

/// AWS tells of accesses by day only.
Instant day_of(Instant at) { return std::chrono::floor<std::chrono::days>(at); }

AwsError no_such_value(std::string_view what, std::string_view id) {
  return {errors::ResourceNotFoundException,
          fmt::format("Secrets Manager can't find the specified secret value for {}: {}", what, id)};
}

std::vector<std::string> texts_in(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& each : list) texts.push_back(each.get<std::string>());
  return texts;
}

/// Where a page starts, by its token: a number.
Result<std::size_t> page_start(const Json& input, std::size_t count) {
  const std::string token = secret_text(input, "NextToken");
  std::size_t start = 0;
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), start);
  if (!token.empty() && (problem != std::errc{} || end != token.data() + token.size() || start > count))
    return AwsError(errors::InvalidNextTokenException, "Invalid NextToken.");
  return start;
}

}  // namespace

Result<Json> SecretsManagerService::value_row(const Call& call, const std::string& id,
                                              const std::string& version_id, const std::string& stage) {
  Secret* secret = secrets_.find(scope_of(call), id, call.now);
  if (secret == nullptr)
    return AwsError(errors::ResourceNotFoundException, "Secrets Manager can't find the specified secret.");
  if (secret->deletion)
    return invalid_request(
        "You can't perform this operation on the secret because it was marked for deletion.");
  const std::string wanted = stage.empty() ? std::string(current_stage) : stage;
  SecretVersion* version = version_id.empty() ? secret->staged(wanted) : secret->version(version_id);
  if (version == nullptr || version->value.empty())
    return version_id.empty() ? no_such_value("staging label", wanted)
                              : no_such_value("VersionId", version_id);
  if (!version_id.empty() && !stage.empty() && !version->has_stage(stage))
    return invalid_request("You provided a VersionStage that is not associated to the provided VersionId.");
  Json row{{"ARN", secret->arn},
           {"Name", secret->name},
           {"VersionId", version->id},
           {"VersionStages", version->stages},
           {"CreatedDate", epoch_seconds(version->created)}};
  if (version->value.text) row["SecretString"] = *version->value.text;
  if (version->value.bytes) row["SecretBinary"] = *version->value.bytes;
  const Instant today = day_of(call.now);
  if (version->accessed != today || secret->accessed != today) {
    version->accessed = secret->accessed = today;
    secrets_.save(*secret);
  }
  return row;
}

Result<std::string> SecretsManagerService::current_text(const Scope& scope, std::string_view id,
                                                        Instant now) {
  Secret* secret = secrets_.find(scope, id, now);
  if (secret == nullptr)
    return AwsError(errors::ResourceNotFoundException, "Secrets Manager can't find the specified secret.");
  if (secret->deletion) return invalid_request("it is marked for deletion");
  const SecretVersion* version = secret->staged(current_stage);
  if (version == nullptr || !version->value.text) return no_such_value("staging label", current_stage);
  return *version->value.text;
}

Result<Reply> SecretsManagerService::get_secret_value(Call& call) {
  Result<Json> row = value_row(call, secret_text(call.input, "SecretId"),
                               secret_text(call.input, "VersionId"), secret_text(call.input, "VersionStage"));
  if (!row) return row.error();
  Reply reply;
  reply.output = std::move(*row);
  return reply;
}

Result<Reply> SecretsManagerService::batch_get_secret_value(Call& call) {
  const Json ids = call.input.value("SecretIdList", Json::array());
  const Json filters = call.input.value("Filters", Json::array());
  if (ids.empty() == filters.empty())
    return invalid_secret_parameter("You must include either SecretIdList or Filters, but not both.");
  std::vector<std::string> names = texts_in(ids);
  if (names.empty())
    for (const auto& [name, secret] : secrets_.in(scope_of(call), call.now))
      if (!secret.deletion && meets_filters(secret, filters)) names.push_back(name);
  const Result<std::size_t> start = page_start(call.input, names.size());
  if (!start) return start.error();
  const std::size_t limit = call.input.value("MaxResults", std::size_t{20});
  Reply reply;
  Json& rows = reply.output["SecretValues"] = Json::array();
  Json problems = Json::array();
  for (std::size_t i = *start; i < names.size() && i < *start + limit; ++i) {
    Result<Json> row = value_row(call, names[i], "", "");
    if (row) {
      rows.push_back(std::move(*row));
    } else {
      problems.push_back(
          {{"SecretId", names[i]}, {"ErrorCode", row.error().shape->code}, {"Message", row.error().message}});
    }
  }
  if (*start + limit < names.size()) reply.output["NextToken"] = std::to_string(*start + limit);
  reply.output["Errors"] = std::move(problems);
  return reply;
}

Result<Reply> SecretsManagerService::put_secret_value(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Result<std::optional<Value>> value = value_in(call.input);
  if (!value) return value.error();
  if (!*value) return invalid_request("You must provide either SecretString or SecretBinary.");
  std::string token = secret_text(call.input, "ClientRequestToken");
  if (token.empty()) token = ids_.uuid();
  std::vector<std::string> stages = texts_in(call.input.value("VersionStages", Json::array()));
  if (stages.empty()) stages.emplace_back(current_stage);
  if (const Result<> put = (*found)->put(token, std::move(**value), std::move(stages), call.now); !put)
    return put.error();
  secrets_.save(**found);
  Reply reply = reply_about(**found);
  reply.output["VersionId"] = token;
  reply.output["VersionStages"] = (*found)->version(token)->stages;
  return reply;
}

Result<Reply> SecretsManagerService::list_secret_version_ids(Call& call) {
  const Result<Secret*> found = any_secret(call);
  if (!found) return found.error();
  std::vector<const SecretVersion*> listed;
  for (const SecretVersion& each : (*found)->versions)
    if (!each.stages.empty() || call.input.value("IncludeDeprecated", false)) listed.push_back(&each);
  const Result<std::size_t> start = page_start(call.input, listed.size());
  if (!start) return start.error();
  const std::size_t limit = call.input.value("MaxResults", std::size_t{100});
  Reply reply = reply_about(**found);
  Json& rows = reply.output["Versions"] = Json::array();
  for (std::size_t i = *start; i < listed.size() && i < *start + limit; ++i) {
    const SecretVersion& version = *listed[i];
    Json row{{"VersionId", version.id},
             {"CreatedDate", epoch_seconds(version.created)},
             {"KmsKeyIds", Json::array({"DefaultEncryptionKey"})}};
    if (!version.stages.empty()) row["VersionStages"] = version.stages;
    if (version.accessed) row["LastAccessedDate"] = epoch_seconds(*version.accessed);
    rows.push_back(std::move(row));
  }
  if (*start + limit < listed.size()) reply.output["NextToken"] = std::to_string(*start + limit);
  return reply;
}

Result<Reply> SecretsManagerService::update_secret_version_stage(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  if (const Result<> moved = (*found)->move_stage(secret_text(call.input, "VersionStage"),
                                                  secret_text(call.input, "RemoveFromVersionId"),
                                                  secret_text(call.input, "MoveToVersionId"), call.now);
      !moved)
    return moved.error();
  secrets_.save(**found);
  return reply_about(**found);
}

Result<Reply> SecretsManagerService::get_random_password(Call& call) {
  const PasswordRules rules{.length = call.input.value("PasswordLength", std::size_t{32}),
                            .excluded = secret_text(call.input, "ExcludeCharacters"),
                            .no_numbers = call.input.value("ExcludeNumbers", false),
                            .no_punctuation = call.input.value("ExcludePunctuation", false),
                            .no_uppercase = call.input.value("ExcludeUppercase", false),
                            .no_lowercase = call.input.value("ExcludeLowercase", false),
                            .with_space = call.input.value("IncludeSpace", false),
                            .each_type = call.input.value("RequireEachIncludedType", true)};
  Result<std::string> password = random_password(rules, ids_);
  if (!password) return password.error();
  Reply reply;
  reply.output["RandomPassword"] = std::move(*password);
  return reply;
}

}  // namespace aviary::secretsmanager
