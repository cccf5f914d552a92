#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/message.hpp"

namespace aviary::wire {

/// What is inside a body of S3's own chunked coding.
struct UnchunkedBody {
  std::string bytes;
  std::vector<std::pair<std::string, std::string>> trailers;  ///< names in lower case: `x-amz-checksum-crc32`
};

/// Whether the body came in S3's own chunks, `<hex size>[;chunk-signature=…]`: told by
/// `x-amz-content-sha256: STREAMING-…` or `content-encoding: aws-chunked`.
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
bool is_aws_chunked(const Request& request);

/// Nothing if the chunks are malformed. Signatures of chunks are not verified.
std::optional<UnchunkedBody> unchunk(std::string_view body);

}  // namespace aviary::wire
