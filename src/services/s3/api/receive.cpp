#include <charconv>

#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/limits.hpp"

/// What is put: from the connection to disk, digested on the way.
namespace aviary::s3 {
namespace {

/// How long the request says that its payload is, free of any coding.
std::optional<std::uint64_t> promised_size(const Call& call) {
  std::string_view text = call.http->header("x-amz-decoded-content-length");
  const bool as_sent = call.incoming != nullptr && call.incoming == call.http->incoming;
  if (text.empty() && as_sent) text = call.http->header("content-length");
  std::uint64_t size = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return size;
}

AwsError unfinished(BodyEnd end) {
  if (end == BodyEnd::Late)
    return {models::s3::errors::RequestTimeout,
            "Your socket connection to the server was not read from or written to within the timeout period. "
            "Idle connections will be closed."};
  if (end == BodyEnd::Lost) return disk_failure();
  return incomplete_body();
}

}  // namespace

Task<Result<Received>> S3Service::receive(Call& call, std::string algorithm, bool keeps_empty) {
  const std::optional<std::uint64_t> promised = promised_size(call);
  if (promised && *promised > largest_put) co_return entity_too_large(*promised, largest_put);
  auto digests = std::make_shared<BodyDigests>(call.input, algorithm, call.http->header("x-amz-trailer"),
                                               call.payload_sha256);
  Received received;
  std::unique_ptr<BodyWriter> writer =
      bodies_.begin([digests](std::string_view piece) { digests->add(piece); });
  auto filling = fill(call, *writer);
  Result<std::uint64_t> size = co_await std::move(filling);
  if (size && promised && *size != *promised) size = incomplete_body();
  if (!size) {
    auto settling = writer->settle();
    co_await std::move(settling);
    co_return size.error();
  }
  received.size = *size;
  if (*size != 0 || keeps_empty) {
    auto finishing = writer->finish(std::move(call.payload));
    received.body = co_await std::move(finishing);
    if (!received.body) co_return disk_failure();
  }
  if (call.incoming != nullptr) add_trailing_checksums(call.incoming->trailers(), call.input);
  received.digests = digests->finish(call.input);
  if (received.digests.mismatch) co_return *received.digests.mismatch;
  co_return received;
}

/// All but what is left in `call.payload`. How many bytes there are together.
Task<Result<std::uint64_t>> S3Service::fill(Call& call, BodyWriter& writer) {
  std::uint64_t size = call.payload.size();
  while (call.incoming != nullptr) {
    auto taking = call.incoming->next();
    BodyPiece piece = co_await std::move(taking);
    if (piece.bytes.empty()) {
      if (piece.end != BodyEnd::Complete) co_return unfinished(piece.end);
      break;
    }
    size += piece.bytes.size();
    if (size > largest_put) co_return entity_too_large(size, largest_put);
    auto appending = writer.append(std::move(piece.bytes));
    if (!co_await std::move(appending)) co_return disk_failure();
  }
  co_return size;
}

}  // namespace aviary::s3
