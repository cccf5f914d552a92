#pragma once

#include <cstdint>
#include <vector>

#include "ports/body_source.hpp"
#include "ports/body_store.hpp"
#include "services/s3/core/bucket.hpp"

namespace aviary::s3 {

/// A piece of an object, from disk as it is wanted. Holds the bytes: whoever reads an object reads it to its
/// end, whatever becomes of it meanwhile.
class StoredBytes final : public BodySource {
 public:
  StoredBytes(BodyStore& bodies, std::vector<Segment> segments, std::uint64_t offset, std::uint64_t length);

  Task<BodyPiece> next() override;
  /// The piece that was taken last is the next once more.
  void give_back(std::string piece) { given_back_ = std::move(piece); }

 private:
  BodyStore& bodies_;
  std::vector<Segment> segments_;
  std::size_t at_ = 0;    ///< which segment
  std::uint64_t offset_;  ///< in it
  std::uint64_t left_;
  std::string given_back_;
};

}  // namespace aviary::s3
