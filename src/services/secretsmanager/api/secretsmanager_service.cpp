#include "services/secretsmanager/api/secretsmanager_service.hpp"

#include "models/secretsmanager.hpp"

namespace aviary::secretsmanager {

/// Which member answers which operation.
OperationTable<SecretsManagerService> SecretsManagerService::operations() {
  using S = SecretsManagerService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"BatchGetSecretValue", &S::batch_get_secret_value},
      {"CancelRotateSecret", &S::cancel_rotate_secret},
      {"CreateSecret", &S::create_secret},
      {"DeleteResourcePolicy", &S::delete_resource_policy},
      {"DeleteSecret", &S::delete_secret},
      {"DescribeSecret", &S::describe_secret},
      {"GetRandomPassword", &S::get_random_password},
      {"GetResourcePolicy", &S::get_resource_policy},
      {"GetSecretValue", &S::get_secret_value},
      {"ListSecretVersionIds", &S::list_secret_version_ids},
      {"ListSecrets", &S::list_secrets},
      {"PutResourcePolicy", &S::put_resource_policy},
      {"PutSecretValue", &S::put_secret_value},
      {"RestoreSecret", &S::restore_secret},
      {"RotateSecret", &S::rotate_secret},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"UpdateSecret", &S::update_secret},
      {"UpdateSecretVersionStage", &S::update_secret_version_stage},
  };
  return {models::secretsmanager::service, "Secrets Manager", entries};
}

namespace errors = models::secretsmanager::errors;

SecretsManagerService::SecretsManagerService(SecretsManagerDependencies d)
    : ids_(d.ids),
      secrets_(d.journal, d.ids),
      rotations_({secrets_, d.functions, d.clock, d.ids, d.executor}) {}

Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

std::string secret_text(const Json& input, const char* name) { return input.value(name, std::string()); }

AwsError invalid_request(std::string text) { return {errors::InvalidRequestException, std::move(text)}; }

AwsError invalid_secret_parameter(std::string text) {
  return {errors::InvalidParameterException, std::move(text)};
}

Reply reply_about(const Secret& secret) {
  Reply reply;
  reply.output = {{"ARN", secret.arn}, {"Name", secret.name}};
  return reply;
}

Result<std::optional<Value>> value_in(const Json& input) {
  Value value;
  if (input.contains("SecretString")) value.text = secret_text(input, "SecretString");
  if (input.contains("SecretBinary")) value.bytes = secret_text(input, "SecretBinary");
  if (value.text && value.bytes)
    return invalid_secret_parameter(
        "You can't specify both a binary secret value and a string secret value in the same secret.");
  if (!value.text && !value.bytes) return std::optional<Value>();
  return std::optional<Value>(std::move(value));
}

Result<Secret*> SecretsManagerService::any_secret(const Call& call) {
  Secret* found = secrets_.find(scope_of(call), secret_text(call.input, "SecretId"), call.now);
  if (found == nullptr)
    return AwsError(errors::ResourceNotFoundException, "Secrets Manager can't find the specified secret.");
  return found;
}

Result<Secret*> SecretsManagerService::secret_of(const Call& call) {
  const Result<Secret*> found = any_secret(call);
  if (found && (*found)->deletion)
    return invalid_request(
        "You can't perform this operation on the secret because it was marked for deletion.");
  return found;
}

}  // namespace aviary::secretsmanager
