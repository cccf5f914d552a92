#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "wire/protocol.hpp"

namespace aviary::secretsmanager {

Result<Reply> SecretsManagerService::rotate_secret(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Secret& secret = **found;
  if (call.input.contains("ExternalSecretRotationMetadata") ||
      call.input.contains("ExternalSecretRotationRoleArn"))
    return AwsError(wire::errors::NotImplemented, "Aviary rotates secrets by functions only.");
  Rotation rotation = secret.rotation;
  if (const std::string function = secret_text(call.input, "RotationLambdaARN"); !function.empty())
    rotation.function = function;
  if (rotation.function.empty())
    return invalid_request("No Lambda rotation function ARN is associated with this secret.");
  if (call.input.contains("RotationRules")) rotation.rules = call.input["RotationRules"];
  const Result<std::optional<Duration>> period = rotation_period(rotation.rules);
  if (!period) return period.error();
  std::string token = secret_text(call.input, "ClientRequestToken");
  if (token.empty()) token = ids_.uuid();
  const bool now = call.input.value("RotateImmediately", true);
  // The same request again is no second rotation.
  if (now && secret.version(token) != nullptr) {
    Reply again = reply_about(secret);
    again.output["VersionId"] = token;
    return again;
  }
  if (now && !secret.unfinished_rotation().empty())
    return invalid_request("A previous rotation isn't complete. That rotation will be reattempted.");
  rotation.enabled = true;
  rotation.next = *period ? std::optional(call.now + **period) : std::nullopt;
  secret.rotation = std::move(rotation);
  if (now) secret.begin_rotation(token, call.now);
  secrets_.save(secret);
  Reply reply = reply_about(secret);
  if (now) {
    reply.output["VersionId"] = token;
    rotations_.start(secret.scope, secret.name, token);
  }
  rotations_.arm();
  return reply;
}

Result<Reply> SecretsManagerService::cancel_rotate_secret(Call& call) {
  const Result<Secret*> found = secret_of(call);
  if (!found) return found.error();
  Secret& secret = **found;
  if (secret.rotation.function.empty())
    return invalid_request("You can't cancel rotation of a secret that has never been set up for rotation.");
  Reply reply = reply_about(secret);
  if (const std::string pending = secret.unfinished_rotation(); !pending.empty())
    reply.output["VersionId"] = pending;
  secret.rotation.enabled = false;
  secret.rotation.next.reset();
  secrets_.save(secret);
  rotations_.arm();
  return reply;
}

}  // namespace aviary::secretsmanager
