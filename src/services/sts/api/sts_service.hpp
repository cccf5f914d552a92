#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/random.hpp"
#include "services/sts/core/sessions.hpp"

namespace aviary::sts {

struct StsDependencies {
  Random& ids;                   ///< keys that are handed out
  Sessions* sessions = nullptr;  ///< takes them down; null: nobody asks whose they are
};

/// AWS STS as the gateway sees it: who the caller is, and keys that let a caller be somebody else.
/// Unless policies are enforced (`--enforce-iam`) nobody looks at credentials, so what is handed out works
/// everywhere and never expires.
class StsService final : public TableService<StsService> {
 public:
  explicit StsService(StsDependencies dependencies);

  static OperationTable<StsService> operations();
  void restore() override;
  void reset() override;

 private:
  Result<Reply> assume_role(Call& call);
  Result<Reply> get_access_key_info(Call& call);
  Result<Reply> get_caller_identity(Call& call);
  Result<Reply> get_session_token(Call& call);

  Json credentials(const Call& call, std::int64_t default_seconds);

  void keep(const Call& call, const Json& credentials, Session session);

  Random& ids_;
  Sessions* sessions_;
};

}  // namespace aviary::sts
