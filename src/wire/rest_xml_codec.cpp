#include "wire/rest_xml_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "wire/aws_chunked.hpp"
#include "wire/query_string.hpp"
#include "wire/xml_reader.hpp"
#include "wire/xml_writer.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Operation;
using models::ShapeType;

constexpr ErrorShape method_not_allowed{"MethodNotAllowed", 405, Fault::Sender, "message", false};
constexpr ErrorShape incomplete_body{"IncompleteBody", 400, Fault::Sender, "message", false};

class XmlBody final : public BodyCodec {
 public:
  std::string_view content_type() const override { return "application/xml"; }
  Result<Json> read(std::string_view body, const models::Shape& structure, bool) const override {
    if (body.empty()) return Json::object();
    return read_xml(body, structure);
  }
  std::string write(const Json& document, const models::Shape& structure, bool whole) const override {
    std::string out;
    write_xml(out, document, structure, whole);
    return out;
  }
};

/// `/bucket/key` as sent, wherever the bucket was.
struct Place {
  std::string_view bucket;
  std::string_view key;
};

Place place_of(const Request& request) {
  std::string_view path = request.path();
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view host_bucket = bucket_in_host(request.header("host"));
  if (!host_bucket.empty()) return {host_bucket, path};
  const std::size_t slash = path.find('/');
  return {path.substr(0, slash),
          slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1)};
}

std::string_view uri_of(const Place& place) {
  if (place.bucket.empty()) return "/";
  return place.key.empty() ? "/{Bucket}" : "/{Bucket}/{Key+}";
}

bool has_literal(const Request& request, std::string_view wanted) {
  const std::size_t equals = wanted.find('=');
  const std::optional<std::string> value = query_value(request.query(), wanted.substr(0, equals));
  return value && (equals == std::string_view::npos || *value == wanted.substr(equals + 1));
}

/// How well the operation fits: the number of parameters that it insists on, all there; -1 if one is not.
int fit_of(const Operation& operation, const Request& request) {
  int fit = 0;
  for (const std::string_view wanted : operation.required_query) {
    if (!has_literal(request, wanted)) return -1;
    ++fit;
  }
  if (operation.input == nullptr) return fit;
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    const std::string_view name = member.location_name.empty() ? member.name : member.location_name;
    if (member.location == Location::Query) {
      if (!query_value(request.query(), name)) return -1;
      ++fit;
    } else if (member.location == Location::Header && name == "x-amz-copy-source") {
      if (!request.has_header(name)) return -1;
      ++fit;
    }
  }
  return fit;
}

/// The name of an answer's root element, where it is not the output's shape.
std::string_view root_of(const Operation& operation) {
  struct Root {
    std::string_view operation;
    std::string_view name;
  };
  static constexpr Root roots[] = {{"CompleteMultipartUpload", "CompleteMultipartUploadResult"},
                                   {"CreateMultipartUpload", "InitiateMultipartUploadResult"},
                                   {"DeleteObjects", "DeleteResult"},
                                   {"GetBucketAcl", "AccessControlPolicy"},
                                   {"GetBucketCors", "CORSConfiguration"},
                                   {"GetBucketLifecycleConfiguration", "LifecycleConfiguration"},
                                   {"GetBucketLogging", "BucketLoggingStatus"},
                                   {"GetBucketNotificationConfiguration", "NotificationConfiguration"},
                                   {"GetBucketTagging", "Tagging"},
                                   {"GetBucketVersioning", "VersioningConfiguration"},
                                   {"GetBucketWebsite", "WebsiteConfiguration"},
                                   {"GetObjectAcl", "AccessControlPolicy"},
                                   {"GetObjectTagging", "Tagging"},
                                   {"ListBuckets", "ListAllMyBucketsResult"},
                                   {"ListMultipartUploads", "ListMultipartUploadsResult"},
                                   {"ListObjectVersions", "ListVersionsResult"},
                                   {"ListObjects", "ListBucketResult"},
                                   {"ListObjectsV2", "ListBucketResult"},
                                   {"ListParts", "ListPartsResult"}};
  const auto found = std::ranges::find(roots, operation.name, &Root::operation);
  return found != std::end(roots) ? found->name : operation.output->name;
}

/// The root that the answer's body has, or nothing when it has no XML body.
std::string_view body_root(const Operation& operation, const Json& output) {
  if (operation.output == nullptr) return {};
  if (const Member* payload = operation.output_payload) {
    if (payload->shape->type != ShapeType::Structure || !output.contains(payload->name)) return {};
    return payload->location_name.empty() ? payload->shape->name : payload->location_name;
  }
  const bool has_body = std::ranges::any_of(
      operation.output->members, [](const Member& member) { return member.location == Location::Body; });
  return has_body ? root_of(operation) : std::string_view{};
}

}  // namespace

const BodyCodec& xml_body() {
  static const XmlBody body;
  return body;
}

std::string_view bucket_in_host(std::string_view host) {
  host = host.substr(0, host.rfind(':'));
  for (const std::string_view mark : {".s3.", ".s3-"})
    if (const std::size_t at = host.find(mark); at != std::string_view::npos && at > 0)
      return host.substr(0, at);
  static constexpr std::string_view local = ".localhost";
  if (!host.ends_with(local)) return {};
  host.remove_suffix(local.size());
  return host == "s3" || host.starts_with("s3.") ? std::string_view{} : host;
}

Result<Match> RestXmlCodec::route(const models::Service& service, const Request& request) const {
  if (service.id != "s3") return RestCodec::route(service, request);
  const Place place = place_of(request);
  const std::string_view uri = uri_of(place);
  const Operation* best = nullptr;
  int best_fit = -1;
  for (const Operation& operation : service.operations) {
    if (operation.uri != uri || operation.method != request.method) continue;
    const int fit = fit_of(operation, request);
    if (fit <= best_fit) continue;
    best_fit = fit;
    best = &operation;
  }
  if (best == nullptr) {
    AwsError error(method_not_allowed, "The specified method is not allowed against this resource.");
    error.members = {{"Method", std::string(request.method)},
                     {"ResourceType", uri == "/"          ? "SERVICE"
                                      : place.key.empty() ? "BUCKET"
                                                          : "OBJECT"}};
    return error;
  }
  Match match{.operation = best, .labels = {}};
  for (const auto& [name, raw] : {std::pair{"Bucket", place.bucket}, std::pair{"Key", place.key}}) {
    if (raw.empty()) continue;
    std::optional<std::string> value = percent_decode(raw);
    match.labels.emplace_back(name, value ? std::move(*value) : std::string(raw));
  }
  return match;
}

Result<Decoded> RestXmlCodec::decode(const Match& match, Request& request) const {
  std::vector<std::pair<std::string, std::string>> trailers;
  // What is taken as it comes is not here yet.
  if (request.incoming == nullptr && is_aws_chunked(request) && match.operation->input_payload != nullptr) {
    std::optional<UnchunkedBody> plain = unchunk(request.body);
    if (!plain)
      return AwsError(
          incomplete_body,
          "The request body terminated unexpectedly: its chunks are not of the aws-chunked form.");
    request.body = std::move(plain->bytes);
    trailers = std::move(plain->trailers);
  }
  Result<Decoded> decoded = RestCodec::decode(match, request);
  if (!decoded || match.operation->input == nullptr) return decoded;
  for (const Member& member : match.operation->input->members) {
    if (member.location != Location::Header || member.shape->type != ShapeType::String) continue;
    const auto trailer = std::ranges::find_if(
        trailers, [&](const auto& each) { return equals_ignoring_case(each.first, member.location_name); });
    if (trailer != trailers.end()) decoded->input[std::string(member.name)] = trailer->second;
  }
  return decoded;
}

Response RestXmlCodec::encode(const Operation& operation, const Json& output, std::string payload, int status,
                              const AnswerContext& context) const {
  Response response = RestCodec::encode(operation, output, std::move(payload), status, context);
  const std::string_view root = body_root(operation, output);
  if (root.empty() || response.status == 204 || response.status == 304) return response;
  if (response.body.empty()) response.set("Content-Type", "application/xml");
  // The one answer whose root is itself the value.
  if (operation.name == "GetBucketLocation") {
    const std::string place = output.value("LocationConstraint", "");
    response.body.clear();
    append_xml_text(response.body, place);
  }
  response.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{0} xmlns=\"{1}\">{2}</{0}>",
      operation.name == "GetBucketLocation" ? std::string_view("LocationConstraint") : root,
      context.service != nullptr ? context.service->xml_namespace : std::string_view{}, response.body);
  return response;
}

Response RestXmlCodec::encode_error(const AwsError& error, const AnswerContext& context) const {
  Response response;
  response.status = error.shape->status;
  if (response.status == 304) return response;
  response.set("Content-Type", "application/xml");
  // S3 alone answers the error bare.
  const bool wrapped = context.service != nullptr && context.service->id != "s3";
  std::string& out = response.body;
  out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (wrapped) out += fmt::format("<ErrorResponse xmlns=\"{}\">", context.service->xml_namespace);
  out += "<Error>";
  append_xml_element(out, "Code",
                     error.shape->query_code.empty() ? error.shape->code : error.shape->query_code);
  if (!error.omit_message) append_xml_element(out, "Message", error.message);
  for (const auto& [name, value] : error.members) append_xml_element(out, name, value);
  if (wrapped) out += "</Error>";
  append_xml_element(out, "RequestId", context.request_id);
  out += wrapped ? "</ErrorResponse>" : "</Error>";
  return response;
}

}  // namespace aviary::wire
