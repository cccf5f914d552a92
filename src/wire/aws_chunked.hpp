#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/message.hpp"

namespace aviary::wire {

/// Takes S3's own chunked coding off a body that comes in pieces: `<hex size>[;chunk-signature=…]`, the
/// bytes, …, `0`, trailers. Signatures of chunks are not verified.
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
class AwsChunkReader {
 public:
  /// Appends to `plain` what is inside of the body's next bytes. False: they are malformed.
  bool read(std::string_view coded, std::string& plain);
  /// At the end of the body: whether the last chunk was there.
  bool finish();
  using Trailers = std::vector<std::pair<std::string, std::string>>;
  const Trailers& trailers() const noexcept { return trailers_; }  ///< names in lower case

 private:
  enum class At : std::uint8_t { Size, Bytes, LineEnd, Trailers };
  bool finish_line();
  bool take_line(std::string_view line);

  At at_ = At::Size;
  std::uint64_t left_ = 0;  ///< of the chunk
  std::string line_;        ///< that has begun
  Trailers trailers_;
};

/// What is inside a body of S3's own chunked coding.
struct UnchunkedBody {
  std::string bytes;
  AwsChunkReader::Trailers trailers;  ///< names in lower case: `x-amz-checksum-crc32`
};

/// Whether the body came in S3's own chunks: told by `x-amz-content-sha256: STREAMING-…` or
/// `content-encoding: aws-chunked`.
bool is_aws_chunked(const Request& request);

/// Nothing if the chunks are malformed.
std::optional<UnchunkedBody> unchunk(std::string_view body);

}  // namespace aviary::wire
