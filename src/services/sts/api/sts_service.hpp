#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/random.hpp"

namespace aviary::sts {

struct StsDependencies {
  Random& ids;  ///< keys that are handed out
};

/// AWS STS as the gateway sees it: who the caller is, and keys that let a caller be somebody else.
/// Credentials are not checked here (see `--access-key`), so what is handed out works everywhere and never
/// expires; an assumed role's keys begin with `ASIA` and tell their account by the token alone.
class StsService final : public TableService<StsService> {
 public:
  explicit StsService(StsDependencies dependencies);

  static OperationTable<StsService> operations();

 private:
  Result<Reply> assume_role(Call& call);
  Result<Reply> get_access_key_info(Call& call);
  Result<Reply> get_caller_identity(Call& call);
  Result<Reply> get_session_token(Call& call);

  Json credentials(const Call& call, std::int64_t default_seconds);

  Random& ids_;
};

}  // namespace aviary::sts
