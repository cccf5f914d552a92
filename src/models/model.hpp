#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/aws_error.hpp"

/// The shape of the tables that the generator makes from the distilled models: static data, nothing to build
/// at start.
namespace aviary::models {

enum class ShapeType : std::uint8_t {
  Structure,
  List,
  Map,
  String,
  Blob,
  Boolean,
  Integer,
  Long,
  Float,
  Double,
  Timestamp,
};

/// Where a member travels in an HTTP binding (rest protocols).
enum class Location : std::uint8_t { Body, Uri, Query, QueryMap, Header, HeaderPrefix, StatusCode, Payload };

enum class TimestampFormat : std::uint8_t { Default, Iso8601, UnixSeconds, Rfc822 };

enum class Protocol : std::uint8_t { RestJson, AwsJson10, AwsJson11, Query, RestXml, RpcV2Cbor, Ec2 };

struct Shape;

struct Member {
  std::string_view name;           ///< as documents spell it: `FunctionName`
  std::string_view location_name;  ///< on the wire, when it differs: a header, a query key, an XML tag
  const Shape* shape;
  Location location = Location::Body;
  TimestampFormat timestamp_format = TimestampFormat::Default;
  bool required = false;
  bool idempotency_token = false;
  bool xml_attribute = false;
  bool flattened = false;
  bool event_payload = false;  ///< of an event: the message's whole payload
  bool event_header = false;   ///< of an event: one of the message's headers
};

/// Constraints count characters for strings, bytes for blobs, entries for lists and maps, and the value for
/// numbers.
struct Shape {
  std::string_view name;
  ShapeType type;
  std::span<const Member> members{};         ///< structure
  const Shape* element = nullptr;            ///< list element, or map value
  const Shape* key = nullptr;                ///< map key
  std::string_view element_location_name{};  ///< list member tag, or map value tag, in XML
  std::string_view key_location_name{};
  std::string_view pattern{};  ///< anchored at both ends, as AWS prints it
  /// Enum, in the order AWS prints it. On a list: what each element must be, where AWS words the violation as
  /// one of the list's own instead of its elements'.
  std::span<const std::string_view> values{};
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  TimestampFormat timestamp_format = TimestampFormat::Default;
  bool flattened = false;
  bool document = false;
  bool streaming = false;
  bool sensitive = false;
  bool is_union = false;
  bool sparse = false;        ///< a list or map whose elements may be null
  bool event_stream = false;  ///< a structure whose members are the kinds of event of a stream

  bool has_min() const { return min != -std::numeric_limits<double>::infinity(); }
  bool has_max() const { return max != std::numeric_limits<double>::infinity(); }
};

struct Operation {
  std::string_view name;
  std::string_view method;  ///< HTTP
  std::string_view uri;     ///< `/2015-03-31/functions/{FunctionName}/aliases`, `{Key+}` is greedy
  std::span<const std::string_view> required_query{};  ///< literals in the model's URI, `List=ALL`
  std::uint16_t status = 200;                          ///< of success
  const Shape* input = nullptr;                        ///< null: nothing
  const Shape* output = nullptr;
  const Member* input_payload = nullptr;  ///< the member that is the whole body
  const Member* output_payload = nullptr;
  std::span<const ErrorShape* const> errors{};
};

struct Service {
  std::string_view id;             ///< `lambda`: folder, data file
  std::string_view signing_name;   ///< in the SigV4 credential scope
  std::string_view target_prefix;  ///< in `X-Amz-Target`, aws-json
  std::string_view api_version;
  std::string_view xml_namespace;
  std::span<const Protocol> protocols;
  std::span<const Operation> operations;  ///< sorted by name
  std::span<const ErrorShape* const> errors;

  /// By name, or null.
  const Operation* find_operation(std::string_view name) const;
};

}  // namespace aviary::models
