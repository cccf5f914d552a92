#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "models/model.hpp"
#include "ports/body_source.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary {

struct CallerIdentity;

/// One decoded and validated call of a service's operation.
struct Call {
  const models::Operation* operation;
  std::string account;  ///< 12 digits
  std::string region;
  std::string request_id;  ///< goes out as `x-amzn-RequestId`
  Instant now;             ///< when the call arrived, by the Clock port
  Json input;           ///< members by model name, defaults not filled in; the payload member is not in here
  std::string payload;  ///< the payload member's bytes, for operations that have one (Invoke)
  const wire::Request* http;  ///< for headers that no model knows; lives until the answer
  std::string base_url;  ///< how the caller reached the server, for URLs in answers: `http://127.0.0.1:4566`
  /// Set: the payload is taken from here, free of the coding it travels in; `payload` is empty, and nothing
  /// of it may have come yet. Members that come as trailers are not in `input`. Lives until the answer.
  BodySource* incoming = nullptr;
  /// What the signature says of an incoming payload: its SHA-256 in hexadecimal, to be compared by whoever
  /// takes it. Empty where signatures are not verified, or do not cover the payload.
  std::string_view payload_sha256{};
  const CallerIdentity* caller = nullptr;  ///< null where policies are not enforced; lives until the answer
};

/// A successful answer, by model member names.
struct Reply {
  Json output = Json::object();  ///< members not modelled are not sent; null members are left out
  std::string payload{};         ///< the output payload member's bytes, for operations that have one
  int status = 0;                ///< overrides the model's status when not 0 (Invoke: 202, 204)
  std::vector<std::pair<std::string, std::string>> headers{};  ///< beyond those the model binds
  /// Set: the answer's body is what comes out of it, as it comes; e.g. the messages of an event stream.
  std::shared_ptr<wire::BodyStream> stream{};
  /// Set: the output payload member's bytes, so many, are taken from here.
  std::shared_ptr<BodySource> source{};
  std::uint64_t source_size = 0;
};

/// A service as the gateway sees it: which model it speaks, and one entry for all its operations.
class Service {
 public:
  virtual ~Service() = default;
  virtual const models::Service& model() const = 0;
  /// Validate → change → answer. State is changed in one synchronous step, never across a suspension.
  virtual Task<Result<Reply>> call(Call call) = 0;
  /// Names of the operations that are there, sorted; the others answer `NotImplemented`. Feeds the
  /// documentation.
  virtual std::vector<std::string_view> supported_operations() const { return {}; }
  /// Whether the operation takes a large payload as it comes (`Call::incoming`).
  virtual bool takes_stream(const models::Operation&) const { return false; }
  /// What a violation of the model's constraints is called here; null: ValidationException, as with most
  /// services.
  virtual const ErrorShape* violation_error() const { return nullptr; }

  /// Reads state back from the journal; once, before the first call.
  virtual void restore() {}
  /// Forgets everything. Whoever resets the emulator clears the journal.
  virtual void reset() {}
  /// No background work starts any more; completes when none is left. Before destruction.
  virtual Task<> stop() { co_return; }
  /// How much there is, for `/_aviary/info`.
  virtual Json counts() const { return Json::object(); }
};

}  // namespace aviary
