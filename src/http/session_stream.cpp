#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <string>
#include <utility>

#include "http/completion.hpp"
#include "http/session.hpp"
#include "ports/one_shot.hpp"

/// Answers whose bodies are sent piece by piece.
namespace aviary::http {
namespace {

/// Taken out of a stream at once: what one connection holds of it beside the kernel's buffer.
constexpr std::size_t most_taken = 64 * 1024;
/// Of a body that comes in, before the peer is held back.
constexpr std::size_t most_kept = 256 * 1024;
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string as_chunk(std::string_view piece) {
  std::array<char, 20> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  std::string chunk;
  chunk.reserve(piece.size() + 24);
  chunk.append(digits.data(), end);
  chunk += "\r\n";
  chunk += piece;
  chunk += "\r\n";
  return chunk;
}

}  // namespace

/// False: the connection is done with, be it that the peer has gone or that the body was cut off.
Task<bool> Session::write_stream(std::shared_ptr<wire::BodyStream> stream, bool chunked) {
  for (;;) {
    std::string piece = stream->take(most_taken);
    if (piece.empty()) {
      if (stream->finished()) break;
      enter(Phase::Streaming);
      auto waiting = wait_for_more(*stream);
      if (co_await std::move(waiting)) continue;
      stream->close();
      co_return false;
    }
    if (chunked) piece = as_chunk(piece);
    auto writing = write_rest(piece, {});
    if (!co_await std::move(writing)) {
      stream->close();
      co_return false;
    }
  }
  // Without its last chunk the peer knows that something is missing.
  if (!stream->complete()) co_return false;
  if (!chunked) co_return true;
  auto ending = write_rest(last_chunk, {});
  co_return co_await std::move(ending);
}

/// A body of known length. False: the connection is done with; a peer that got less than was promised sees it
/// end early.
Task<bool> Session::write_source(std::shared_ptr<BodySource> source, std::uint64_t size) {
  while (size > 0) {
    enter(Phase::Busy);
    auto taking = source->next();
    const BodyPiece piece = co_await std::move(taking);
    if (aborted_ || piece.bytes.empty() || piece.bytes.size() > size) co_return false;
    size -= piece.bytes.size();
    auto writing = write_rest(piece.bytes, {});
    if (!co_await std::move(writing)) co_return false;
  }
  co_return true;
}

/// Holds the peer back while whoever takes the body has enough of it.
Task<> Session::wait_for_room(std::shared_ptr<wire::BodyStream> receiver) {
  while (receiver->waiting() > most_kept && !receiver->closed() && !aborted_) {
    const OneShot<bool> taken;
    receiver->on_taken = [taken] { taken.set(true); };
    enter(Phase::Busy);
    auto waiting = taken.wait();
    co_await std::move(waiting);
  }
  receiver->on_taken = nullptr;
}

/// Until something was written; false when the peer has gone. Its going is seen because this waits for the
/// socket, too: whatever is written interrupts that.
Task<bool> Session::wait_for_more(wire::BodyStream& stream) {
  boost::system::error_code ignored;
  const bool watch = socket_.available(ignored) == 0;  // else the next request is here already
  bool more = false;
  bool here = true;
  if (watch) {
    stream.on_written = [this, &more] {
      more = true;
      boost::system::error_code error;
      socket_.cancel(error);
    };
    const auto [error] = co_await socket_.async_wait(Socket::wait_read, tuple);
    stream.on_written = nullptr;
    if (!more) {
      char byte = 0;
      boost::system::error_code peeked;
      socket_.receive(boost::asio::buffer(&byte, 1), Socket::message_peek, peeked);
      here = !error && (!peeked || peeked == boost::asio::error::would_block);
    }
  } else {
    const OneShot<bool> written;
    stream.on_written = [written] { written.set(true); };
    co_await written.wait();
    stream.on_written = nullptr;
  }
  co_return here&& socket_.is_open() && !aborted_;
}

}  // namespace aviary::http
