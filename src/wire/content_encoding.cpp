#include "wire/content_encoding.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "wire/convert.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

AwsError malformed() { return serialization_error("Could not decompress request body"); }

}  // namespace

bool is_compressed(const Request& request) {
  return equals_ignoring_case(request.header("content-encoding"), "gzip");
}

Result<> decompress(Request& request, std::size_t most) {
  constexpr int gzip_only = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, gzip_only) != Z_OK) return malformed();
  struct End {
    void operator()(z_stream* open) const { inflateEnd(open); }
  };
  const std::unique_ptr<z_stream, End> ends(&stream);

  std::string plain;
  std::array<char, 64 * 1024> piece;
  // Never written to; zlib's interface is older than `const`.
  stream.next_in = reinterpret_cast<Bytef*>(request.body.data());
  std::size_t left = request.body.size();
  while (true) {
    const auto given = static_cast<uInt>(std::min<std::size_t>(left, std::numeric_limits<uInt>::max()));
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int state = inflate(&stream, Z_NO_FLUSH);
    left -= given - stream.avail_in;
    const std::size_t made = piece.size() - stream.avail_out;
    if (made > most - plain.size())
      return AwsError(errors::RequestEntityTooLarge,
                      fmt::format("Request must be smaller than {} bytes when decompressed", most));
    plain.append(piece.data(), made);
    if (state == Z_STREAM_END) {
      if (left == 0) break;
      // A file of several members is a file (RFC 1952, 2.2).
      if (inflateReset(&stream) != Z_OK) return malformed();
    } else if (state != Z_OK) {
      return malformed();
    }
  }
  request.body = std::move(plain);
  return {};
}

}  // namespace aviary::wire
