#include "services/s3/core/errors.hpp"

#include "services/s3/core/limits.hpp"

namespace aviary::s3 {

namespace errors = models::s3::errors;

AwsError no_such_bucket(std::string_view bucket) {
  AwsError error(errors::NoSuchBucket, "The specified bucket does not exist");
  error.members = {{"BucketName", std::string(bucket)}};
  return error;
}

AwsError no_such_key(std::string_view key) {
  AwsError error(errors::NoSuchKey, "The specified key does not exist.");
  error.members = {{"Key", std::string(key)}};
  return error;
}

AwsError no_such_version(std::string_view key, std::string_view version_id) {
  AwsError error(errors::NoSuchVersion, "The specified version does not exist.");
  error.members = {{"Key", std::string(key)}, {"VersionId", std::string(version_id)}};
  return error;
}

AwsError no_such_upload(std::string_view upload_id) {
  AwsError error(
      errors::NoSuchUpload,
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
      "aborted or completed.");
  error.members = {{"UploadId", std::string(upload_id)}};
  return error;
}

AwsError invalid_argument(std::string text, std::string_view name, std::string_view value) {
  AwsError error(errors::InvalidArgument, std::move(text));
  if (!name.empty())
    error.members = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}};
  return error;
}

AwsError malformed_xml_error() {
  return {errors::MalformedXML,
          "The XML you provided was not well-formed or did not validate against our published schema"};
}

AwsError precondition_failed(std::string_view condition) {
  AwsError error(errors::PreconditionFailed, "At least one of the pre-conditions you specified did not hold");
  error.members = {{"Condition", std::string(condition)}};
  return error;
}

AwsError entity_too_large(std::uint64_t proposed, std::uint64_t most) {
  AwsError error(errors::EntityTooLarge, "Your proposed upload exceeds the maximum allowed size");
  error.members = {{"ProposedSize", std::to_string(proposed)}, {"MaxSizeAllowed", std::to_string(most)}};
  return error;
}

AwsError incomplete_body() { return {errors::IncompleteBody, "The request body terminated unexpectedly"}; }

AwsError copy_source_too_large() {
  return {errors::InvalidRequest,
          "The specified copy source is larger than the maximum allowable size for a copy source: " +
              std::to_string(largest_put)};
}

AwsError disk_failure() {
  return {errors::ServiceUnavailable,
          "The object's bytes could not be kept on or read from this server's disk."};
}

}  // namespace aviary::s3
