#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <utility>

#include "http/completion.hpp"
#include "http/session.hpp"

/// Bodies that come in: whole, before the handler is called, or piece by piece as it asks for them.
namespace aviary::http {
namespace {

namespace asio = boost::asio;

/// A body is made room for in steps, so that a large Content-Length alone costs no memory.
constexpr std::size_t body_step = 256 * 1024;
/// Up to this size a body is read before the handler is called, whoever would take it as it comes: one read
/// is cheaper than the way there and back.
constexpr std::uint64_t small_incoming = 64 * 1024;
/// What a handler left of a body is read and dropped if it is no more than this; else the connection goes.
constexpr std::uint64_t most_dropped = 1024 * 1024;

}  // namespace

Task<Session::Got> Session::read_sized_body(std::uint64_t length) {
  std::string& body = parser_.request().body;
  body.reserve(length);  // untouched pages of it cost nothing
  const std::size_t head = parser_.head_size();
  body.assign(in_.data() + head, in_.size() - head);
  in_.truncate(head);
  std::size_t filled = body.size();
  while (filled < length) {
    if (filled == body.size()) body.resize(std::min<std::uint64_t>(length, filled + body_step));
    enter(Phase::Body);
    const auto room = asio::buffer(body.data() + filled, body.size() - filled);
    const auto [error, count] = co_await socket_.async_read_some(room, tuple);
    if (error) {
      body.resize(filled);
      co_return explain(error);
    }
    filled += count;
  }
  co_return Got::All;
}

Task<Session::Got> Session::read_chunked_body() {
  const std::size_t head = parser_.head_size();
  chunked_in_ = ReceiveBuffer();
  chunked_in_.append(in_.view().substr(head));
  in_.truncate(head);
  const std::uint64_t limit = house_.limits().body_bytes;
  wire::Request& whole = parser_.request();
  whole.local_port = local_port_;
  whole.peer_port = peer_port_;
  whole.connection = connection_;
  const std::shared_ptr<wire::BodyStream> receiver = house_.receive_body(whole);
  auto reading = read_chunks(limit, receiver);
  const Got got = co_await std::move(reading);
  if (receiver && got != Got::All) receiver->fail();
  co_return got;
}

Task<Session::Got> Session::read_more_chunked() {
  // Full means a chunk's extensions or the trailers, which the parser takes in one piece, are longer than a
  // whole request's headers may be.
  if (chunked_in_.size() >= house_.limits().header_bytes) co_return Got::Malformed;
  chunked_in_.grow(house_.limits().header_bytes);
  enter(Phase::Body);
  const auto room = asio::buffer(chunked_in_.space(), chunked_in_.room());
  const auto [error, count] = co_await socket_.async_read_some(room, tuple);
  if (error) co_return explain(error);
  chunked_in_.received(count);
  co_return Got::All;
}

Task<Session::Got> Session::read_chunks(std::uint64_t limit, std::shared_ptr<wire::BodyStream> receiver) {
  for (;;) {
    std::size_t used = 0;
    const auto step = parser_.chunks(chunked_in_.data(), chunked_in_.size(), limit, used);
    chunked_in_.consume(used);
    if (receiver) {
      std::string& body = parser_.request().body;
      receiver->write(body);
      body.clear();
      if (receiver->written() > limit) co_return Got::TooLarge;
      auto making_room = wait_for_room(receiver);
      co_await std::move(making_room);
      if (aborted_) co_return Got::Gone;
    }
    switch (step) {
      case RequestParser::Step::Done:
        co_return Got::All;
      case RequestParser::Step::TooLarge:
        co_return Got::TooLarge;
      case RequestParser::Step::NeedMore:
        break;
      default:
        co_return Got::Malformed;
    }
    auto reading = read_more_chunked();
    if (const Got got = co_await std::move(reading); got != Got::All) co_return got;
  }
}

bool Session::is_taken_as_it_comes() {
  if (!parser_.chunked() && parser_.content_length() <= small_incoming) return false;
  return house_.takes_stream(parser_.request());
}

/// How many bytes of `in_` are the request's.
std::size_t Session::begin_incoming() {
  const std::size_t head = parser_.head_size();
  Incoming& body = incoming_.emplace(*this);
  body.asked_for = !parser_.expects_continue() || in_.size() > head || parser_.http_1_0();
  if (parser_.chunked()) {
    chunked_in_ = ReceiveBuffer();
    chunked_in_.append(in_.view().substr(head));
    in_.truncate(head);
    return head;
  }
  body.left = parser_.content_length();
  body.here = static_cast<std::size_t>(std::min<std::uint64_t>(body.left, in_.size() - head));
  return head + body.here;
}

/// Called from within the handler, which this session waits for.
Task<BodyPiece> Session::next_piece() {
  BodyPiece piece;
  if (!incoming_->over && !std::exchange(incoming_->asked_for, true)) {
    auto asking = write_rest(continue_line, {});
    if (!co_await std::move(asking)) {
      incoming_->over = true;
      incoming_->end = BodyEnd::Gone;
    }
  }
  if (!incoming_->over) {
    auto reading = parser_.chunked() ? read_chunked_piece(piece.bytes) : read_sized_piece(piece.bytes);
    const Got got = co_await std::move(reading);
    enter(Phase::Busy);
    if (got != Got::All) {
      piece.bytes.clear();
      incoming_->over = true;
      incoming_->end = got == Got::Gone || aborted_ ? BodyEnd::Gone
                       : got == Got::Late           ? BodyEnd::Late
                       : got == Got::Short          ? BodyEnd::Short
                                                    : BodyEnd::Malformed;
    }
  }
  piece.end = incoming_->end;
  co_return piece;
}

Task<Session::Got> Session::read_sized_piece(std::string& piece) {
  // What came with the head is copied: the head stays where it is, as the request's views point into it.
  std::size_t filled = std::exchange(incoming_->here, 0);
  const std::size_t wanted =
      std::max(filled, static_cast<std::size_t>(std::min<std::uint64_t>(incoming_->left, body_piece_bytes)));
  piece.assign(in_.data() + parser_.head_size(), filled);
  piece.resize(wanted);
  while (filled < wanted) {
    enter(Phase::Body);
    const auto room = asio::buffer(piece.data() + filled, wanted - filled);
    const auto [error, count] = co_await socket_.async_read_some(room, tuple);
    if (error) co_return explain(error);
    filled += count;
  }
  incoming_->left -= wanted;
  incoming_->over = incoming_->left == 0;
  co_return Got::All;
}

Task<Session::Got> Session::read_chunked_piece(std::string& piece) {
  // The request went to the handler; what the parser decodes gathers in what was left of it.
  std::string& gathered = parser_.request().body;
  for (;;) {
    std::size_t used = 0;
    const auto step = parser_.chunks(chunked_in_.data(), chunked_in_.size(),
                                     std::numeric_limits<std::uint64_t>::max(), used);
    chunked_in_.consume(used);
    if (step == RequestParser::Step::Done) {
      incoming_->over = true;
      piece = std::exchange(gathered, {});
      co_return Got::All;
    }
    if (step != RequestParser::Step::NeedMore) co_return Got::Malformed;
    if (gathered.size() >= body_piece_bytes) {
      piece = std::exchange(gathered, {});
      co_return Got::All;
    }
    auto reading = read_more_chunked();
    if (const Got got = co_await std::move(reading); got != Got::All) co_return got;
  }
}

/// What the handler did not take must not be read as the next request. False: the connection cannot go on,
/// as there is too much of it, or nobody knows whether it comes at all.
Task<bool> Session::drop_incoming() {
  std::uint64_t dropped = 0;
  while (!incoming_->over) {
    if (!incoming_->asked_for || incoming_->left > most_dropped || dropped > most_dropped) co_return false;
    auto reading = next_piece();
    const BodyPiece piece = co_await std::move(reading);
    dropped += piece.bytes.size();
  }
  co_return incoming_->end == BodyEnd::Complete;
}

}  // namespace aviary::http
