#include "gateway/unchunked_body.hpp"

namespace aviary {

Task<BodyPiece> UnchunkedBody::next() {
  BodyPiece plain;
  while (plain.bytes.empty() && !malformed_) {
    auto taking = coded_.next();
    const BodyPiece coded = co_await std::move(taking);
    if (coded.bytes.empty()) {
      plain.end = coded.end;
      // All has come, and yet not the last chunk.
      if (plain.end == BodyEnd::Complete && !reader_.finish()) plain.end = BodyEnd::Short;
      co_return plain;
    }
    plain.bytes.reserve(coded.bytes.size());
    malformed_ = !reader_.read(coded.bytes, plain.bytes);
  }
  if (malformed_) plain = {.bytes = {}, .end = BodyEnd::Malformed};
  co_return plain;
}

}  // namespace aviary
