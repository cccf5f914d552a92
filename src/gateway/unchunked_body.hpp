#pragma once

#include "ports/body_source.hpp"
#include "wire/aws_chunked.hpp"

namespace aviary {

/// What is inside of a body that comes in S3's own chunked coding. Neither outlives `coded`.
class UnchunkedBody final : public BodySource {
 public:
  explicit UnchunkedBody(BodySource& coded) : coded_(coded) {}
  Task<BodyPiece> next() override;
  Trailers trailers() const override { return reader_.trailers(); }

 private:
  BodySource& coded_;
  wire::AwsChunkReader reader_;
  bool malformed_ = false;
};

}  // namespace aviary
