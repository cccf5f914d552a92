#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"
#include "wire/message.hpp"

/// From bytes to a validated document and back. Each protocol is a *binding* (which part of the HTTP message
/// a member travels in) over a *body codec* (JSON, XML, form, CBOR); a new protocol is a new pair, nothing
/// else changes.
namespace aviary::wire {

/// What the SigV4 credential says, from the `Authorization` header or a presigned query. Not verified here.
struct CredentialScope {
  std::string access_key_id;
  std::string date;
  std::string region;
  std::string service;  ///< signing name
};
std::optional<CredentialScope> credential_scope(const Request& request);

/// Which service is meant, and which protocol it is spoken in: by credential scope, `X-Amz-Target`,
/// `Smithy-Protocol`, path, form body, Host, in that order. Unsigned requests to paths that only one service
/// has work too.
struct Target {
  const models::Service* service;
  models::Protocol protocol;
};
std::optional<Target> identify(const Request& request, std::span<const models::Service* const> services);

/// Which operation, with the values of the URI's labels, percent-decoded.
struct Match {
  const models::Operation* operation;
  std::vector<std::pair<std::string_view, std::string>> labels;
};

struct Decoded {
  /// By the model's member names. Blobs are strings of raw bytes (not for `dump` without an error handler),
  /// timestamps doubles of seconds since the epoch; numbers are integers or doubles as their shape says. Null
  /// members are absent.
  Json input = Json::object();
  std::string payload{};  ///< the input payload member's bytes, moved out of the request
};

/// What an answer says of the call that it answers, where the protocol puts such things into its body.
struct AnswerContext {
  const models::Service* service = nullptr;  ///< its XML namespace, and whether it speaks the query protocol
  std::string_view request_id{};
};

class Codec {
 public:
  virtual ~Codec() = default;
  /// The best-ranked operation whose method, path and required query fit; AWS's answer for an unknown one
  /// otherwise.
  virtual Result<Match> route(const models::Service& service, const Request& request) const = 0;
  /// Reads and validates. Every violation is reported at once, in AWS's wording. Moves the body out of
  /// `request`.
  virtual Result<Decoded> decode(const Match& match, Request& request) const = 0;
  /// `status` 0 means the model's. Members that the model does not know, and null ones, are not sent.
  virtual Response encode(const models::Operation& operation, const Json& output, std::string payload,
                          int status, const AnswerContext& context = {}) const = 0;
  virtual Response encode_error(const AwsError& error, const AnswerContext& context = {}) const = 0;
};

/// Null for a protocol that is not spoken yet.
const Codec* codec_for(models::Protocol protocol);

/// Rows of errors that no service model lists, but every service sends.
namespace errors {
extern const ErrorShape ValidationException;        ///< 400
extern const ErrorShape SerializationException;     ///< 400
extern const ErrorShape UnknownOperationException;  ///< 404
extern const ErrorShape InternalFailure;            ///< 500
extern const ErrorShape NotImplemented;             ///< 501: modelled, but not part of this emulator yet
extern const ErrorShape RequestEntityTooLarge;      ///< 413
extern const ErrorShape AccessDenied;               ///< 403
}  // namespace errors

}  // namespace aviary::wire
