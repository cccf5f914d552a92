#pragma once

#include <string>

#include "base/result.hpp"
#include "models/model.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary {

struct Call;

/// Who calls, where policies decide what callers may do.
struct CallerIdentity {
  std::string account;
  std::string arn;  ///< `arn:aws:iam::123456789012:user/alice`; empty: nobody signed
  std::string id;   ///< `AIDA…`, `AROA…:session`, an account
  std::string access_key_id;
  bool verified = false;  ///< the signature was compared
};

/// Decides who calls and what they may do. The gateway asks for each request, if it has one.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// Before anything of the request is understood. A request that nobody signed is somebody's, too.
  virtual Result<CallerIdentity> identify(const wire::Request& request) = 0;
  /// Before the service sees the call. `call` lives until the answer.
  virtual Task<Result<>> authorize(const models::Service& service, const Call& call) = 0;
};

}  // namespace aviary
