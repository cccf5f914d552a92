#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/secretsmanager/core/secrets.hpp"
#include "services/secretsmanager/jobs/rotations.hpp"

namespace aviary::secretsmanager {

struct SecretsManagerDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  RotationFunctions& functions;
  boost::asio::any_io_executor executor;  ///< the loop
};

/// AWS Secrets Manager as the gateway sees it. Values are kept as they are given: there is no KMS. Resource
/// policies are recorded, not enforced. Nothing is replicated, and says so.
class SecretsManagerService final : public TableService<SecretsManagerService> {
 public:
  explicit SecretsManagerService(SecretsManagerDependencies dependencies);

  static OperationTable<SecretsManagerService> operations();
  void restore() override {
    secrets_.restore();
    rotations_.arm();
  }
  void reset() override {
    secrets_.clear();
    rotations_.arm();
  }
  Task<> stop() override { return rotations_.stop(); }
  Json counts() const override { return {{"secrets", secrets_.size()}}; }

  /// The current `SecretString`, for whoever stands in this emulator; by name or ARN. No access is noted.
  Result<std::string> current_text(const Scope& scope, std::string_view id, Instant now);

 private:
  // secrets.cpp
  Result<Reply> create_secret(Call& call);
  Result<Reply> update_secret(Call& call);
  Result<Reply> describe_secret(Call& call);
  Result<Reply> list_secrets(Call& call);
  Result<Reply> delete_secret(Call& call);
  Result<Reply> restore_secret(Call& call);
  // values.cpp
  Result<Reply> get_secret_value(Call& call);
  Result<Reply> batch_get_secret_value(Call& call);
  Result<Reply> put_secret_value(Call& call);
  Result<Reply> list_secret_version_ids(Call& call);
  Result<Reply> update_secret_version_stage(Call& call);
  Result<Reply> get_random_password(Call& call);
  // tags_and_policies.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> put_resource_policy(Call& call);
  Result<Reply> get_resource_policy(Call& call);
  Result<Reply> delete_resource_policy(Call& call);
  // rotation.cpp
  Result<Reply> rotate_secret(Call& call);
  Result<Reply> cancel_rotate_secret(Call& call);

  /// Also one that is marked for deletion.
  Result<Secret*> any_secret(const Call& call);
  Result<Secret*> secret_of(const Call& call);
  Result<Json> value_row(const Call& call, const std::string& id, const std::string& version_id,
                         const std::string& stage);

  Random& ids_;
  Secrets secrets_;
  Rotations rotations_;
};

Scope scope_of(const Call& call);
std::string secret_text(const Json& input, const char* name);
AwsError invalid_request(std::string text);
AwsError invalid_secret_parameter(std::string text);
/// `ARN` and `Name`, which nearly every answer has.
Reply reply_about(const Secret& secret);
/// `SecretString` and `SecretBinary` of a call; nothing when neither is there.
Result<std::optional<Value>> value_in(const Json& input);
/// Whether a secret meets `Filters`, all of them.
bool meets_filters(const Secret& secret, const Json& filters);

}  // namespace aviary::secretsmanager
