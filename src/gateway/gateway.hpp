#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/authorizer.hpp"
#include "gateway/service.hpp"
#include "ports/clock.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "ports/worker_pool.hpp"
#include "wire/message.hpp"
#include "wire/protocol.hpp"

namespace aviary {

/// Counts of what the gateway answered, for the emulator's own `/metrics`.
struct GatewayCounts {
  std::uint64_t requests = 0;
  std::uint64_t client_errors = 0;
  std::uint64_t server_errors = 0;
};

struct GatewayOptions {
  std::string default_account = "123456789012";
  std::string default_region = "us-east-1";
  /// Decides whether a signed request may pass; empty: every request may. See `signature.hpp`.
  std::function<Result<>(const wire::Request&)> authenticate{};
  /// Where large bodies are decoded, so that nobody waits for somebody else's 50 MB zip; null: on the loop.
  WorkerPool* workers = nullptr;
};

/// One AWS request from end to end: which service, which operation, decode and validate, call, wait until
/// what it changed is on disk, encode. Lives on the loop's thread; owns nothing but the list of services.
class Gateway {
 public:
  Gateway(Clock& clock, Random& ids, Journal& journal, GatewayOptions options);

  /// `service` must outlive the gateway.
  void add(Service& service);
  /// From now on `authorizer`, which outlives the gateway, is asked for each request.
  void enforce(Authorizer& authorizer) { authorizer_ = &authorizer; }
  /// The state is in every answer: an error is an encoded error, and an exception became a 500.
  Task<wire::Response> handle(wire::Request request);
  /// Whether the body of this request, of which only the head was read, is for an operation that takes it as
  /// it comes (`wire::Request::incoming`).
  bool takes_stream(const wire::Request& request) const;
  /// What AWS says to a request whose body is beyond what it reads at all; of the request only the head was
  /// read.
  wire::Response refuse_size(const wire::Request& request);
  const GatewayCounts& counts() const noexcept { return counts_; }
  std::span<const models::Service* const> models() const noexcept { return models_; }

 private:
  Task<wire::Response> answer(wire::Request request, std::optional<wire::Target> target,
                              std::string request_id);
  Task<Result<>> decompress(wire::Request& request) const;
  Task<Result<wire::Decoded>> decode(const wire::Codec& codec, const wire::Match& match,
                                     wire::Request& request) const;

  Clock& clock_;
  Random& ids_;
  Journal& journal_;
  GatewayOptions options_;
  Authorizer* authorizer_ = nullptr;
  std::vector<Service*> services_;
  std::vector<const models::Service*> models_;
  GatewayCounts counts_;
};

}  // namespace aviary
