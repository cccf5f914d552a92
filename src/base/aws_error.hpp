#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary {

/// Whose fault an error is: `Sender` is AWS's word for the caller's.
enum class Fault : std::uint8_t { Sender, Receiver };

/// One row of a service model's error table. Rows are static data made from the model and its overlay
/// (`src/models`), never typed by hand at the place of use.
struct ErrorShape {
  std::string_view code;            ///< what goes into `x-amzn-ErrorType`, e.g. `ResourceNotFoundException`
  std::uint16_t status;             ///< HTTP status
  Fault fault;                      ///< decides the `Type` member: `User` or `Service`
  std::string_view message_member;  ///< `message` or `Message`, as the service really sends it
  bool has_type;                    ///< whether the body carries `Type`
  std::string_view query_code{};    ///< what query protocols say instead of `code`, if that differs
};

/// The row of an error that nobody filled in.
inline constexpr ErrorShape unknown_failure{"InternalFailure", 500, Fault::Receiver, "message", false};

/// An expected failure, as a value. Code, status and fault come from the model's row.
struct AwsError {
  const ErrorShape* shape;
  std::string message;
  /// Further members of the body, e.g. `{"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded"}`.
  std::vector<std::pair<std::string, std::string>> members{};
  /// Some modelled errors really come without `Type` (account concurrency limits, code-signing look-ups).
  bool omit_type = false;
  /// Some come with no message at all (a function of another account).
  bool omit_message = false;

  /// `boost::system::result` wants its error default-constructible: an error that nobody filled in is a
  /// failure of ours.
  AwsError() : shape(&unknown_failure) {}
  AwsError(const ErrorShape& error_shape, std::string text) : shape(&error_shape), message(std::move(text)) {}
};

}  // namespace aviary
