#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "models/s3.hpp"

/// Errors in S3's own words, with the members that name what was meant.
/// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
namespace aviary::s3 {

AwsError no_such_bucket(std::string_view bucket);
AwsError no_such_key(std::string_view key);
AwsError no_such_version(std::string_view key, std::string_view version_id);
AwsError no_such_upload(std::string_view upload_id);
AwsError invalid_argument(std::string text, std::string_view name = {}, std::string_view value = {});
AwsError malformed_xml_error();
AwsError precondition_failed(std::string_view condition);
AwsError entity_too_large(std::uint64_t proposed, std::uint64_t most);
AwsError incomplete_body();
AwsError copy_source_too_large();
AwsError disk_failure();

}  // namespace aviary::s3
