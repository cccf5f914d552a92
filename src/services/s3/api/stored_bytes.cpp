#include "services/s3/api/stored_bytes.hpp"

#include <algorithm>

namespace aviary::s3 {

StoredBytes::StoredBytes(BodyStore& bodies, std::vector<Segment> segments, std::uint64_t offset,
                         std::uint64_t length)
    : bodies_(bodies), segments_(std::move(segments)), offset_(offset), left_(length) {}

Task<BodyPiece> StoredBytes::next() {
  BodyPiece piece;
  if (!given_back_.empty()) {
    piece.bytes = std::exchange(given_back_, {});
    co_return piece;
  }
  if (left_ == 0) co_return piece;
  piece.end = BodyEnd::Lost;
  while (at_ < segments_.size() && segments_[at_].body && offset_ >= segments_[at_].body->size) {
    offset_ -= segments_[at_].body->size;
    segments_[at_].body = nullptr;
    ++at_;
  }
  if (at_ == segments_.size() || !segments_[at_].body) co_return piece;
  const BodyHandle body = segments_[at_].body;
  const std::uint64_t wanted = std::min<std::uint64_t>({body->size - offset_, left_, body_piece_bytes});
  auto reading = bodies_.read(body, offset_, wanted);
  std::optional<std::string> bytes = co_await std::move(reading);
  if (!bytes || bytes->size() != wanted) co_return piece;
  offset_ += wanted;
  left_ -= wanted;
  piece.bytes = std::move(*bytes);
  co_return piece;
}

}  // namespace aviary::s3
