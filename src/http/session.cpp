#include "http/session.hpp"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

#include "base/log.hpp"
#include "http/completion.hpp"
#include "http/response_head.hpp"

namespace aviary::http {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

/// After so many requests without waiting for the peer, others get their turn.
constexpr int turn = 64;
/// After a refusal the rest of what the peer sends is read and dropped for a while: closing with unread bytes
/// would reset the connection, and the peer would lose the answer. nginx's lingering_close does the same,
/// with these values.
constexpr std::chrono::seconds linger_total{30};
constexpr std::chrono::seconds linger_silence{5};

int status_of(Refusal why) {
  switch (why) {
    case Refusal::Malformed:
    case Refusal::Truncated:
      return 400;
    case Refusal::Timeout:
      return 408;
    case Refusal::BodyTooLarge:
      return 413;
    case Refusal::HeadersTooLarge:
      return 431;
    case Refusal::HandlerFailed:
      return 500;
    case Refusal::Unsupported:
      return 501;
  }
  return 500;
}

std::string text_of(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an unknown exception";
  }
}

/// Several emulators may live in one program, each on a thread of its own.
std::uint64_t next_connection() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Session::Session(House& house, Socket socket, std::uint16_t local_port, std::uint16_t peer_port)
    : house_(house),
      socket_(std::move(socket)),
      local_port_(local_port),
      peer_port_(peer_port),
      connection_(next_connection()),
      turn_(WriteTurn::of(socket_.get_executor())) {}

Session::~Session() { take_back(); }

std::chrono::nanoseconds Session::allowance(Phase phase) const {
  const Limits& limits = house_.limits();
  std::chrono::nanoseconds time{0};
  switch (phase) {
    case Phase::Busy:
    case Phase::Streaming:
      break;
    case Phase::Idle:
      time = limits.idle_timeout;
      break;
    case Phase::Head:
      time = limits.header_timeout;
      break;
    case Phase::Body:
    case Phase::Writing:
      time = limits.body_timeout;
      break;
    case Phase::Lingering:
      time = linger_silence;
      break;
  }
  return time.count() > 0 ? time : no_deadline;
}

/// Also called again within a phase where there was progress.
void Session::enter(Phase phase) {
  phase_ = phase;
  expired_ = false;
  const auto time = allowance(phase);
  if (time == no_deadline)
    deadline = no_deadline;
  else
    house_.set_deadline(*this, time);
}

void Session::wind_down() {
  if (phase_ != Phase::Idle) return;
  flush_now();
  Error ignored;
  if (!stuck_) socket_.close(ignored);
}

bool Session::is_resting() const {
  Error ignored;
  return phase_ == Phase::Idle && !held_ && socket_.is_open() && socket_.available(ignored) == 0;
}

bool Session::connected() {
  char byte = 0;
  const ssize_t seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen > 0 || (seen < 0 && (errno == EAGAIN || errno == EINTR));
}

void Session::abort() {
  aborted_ = true;
  flush_now();  // an answer that was given counts
  Error ignored;
  socket_.close(ignored);
  cancel.emit(asio::cancellation_type::terminal);
}

void Session::expired() {
  expired_ = true;
  Error ignored;
  socket_.cancel(ignored);
}

Session::Got Session::explain(const Error& error) const {
  if (expired_) return Got::Late;
  return error == asio::error::eof ? Got::Short : Got::Gone;
}

Task<> Session::run() {
  auto serving = serve();
  co_await std::move(serving);
  if (aborted_) co_return;
  auto draining = drain();
  co_await std::move(draining);
}

Task<> Session::serve() {
  Error error;
  socket_.non_blocking(true, error);  // writes are tried at once, without the detour through the reactor
  if (error) co_return;

  for (int since_wait = 0;;) {
    parser_.begin();
    auto step = RequestParser::Step::NeedMore;
    phase_ = Phase::Busy;
    for (;;) {
      // Some clients send a line end too many after a body; RFC 9112 2.2 asks to skip it.
      if (parser_.head_size() == 0)
        while (in_.size() >= 2 && in_.view().starts_with("\r\n")) in_.consume(2);
      if (!in_.empty()) step = parser_.head(in_.data(), in_.size());
      if (step != RequestParser::Step::NeedMore) break;

      const char* before = in_.data();
      if (!in_.grow(house_.limits().header_bytes)) {
        step = RequestParser::Step::TooLarge;
        break;
      }
      if (in_.data() != before) parser_.moved(before, in_.data());
      if (stuck_ && !co_await drain()) co_return;
      if (in_.empty()) {
        if (house_.closing()) co_return;
        if (phase_ != Phase::Idle) enter(Phase::Idle);
      } else if (phase_ != Phase::Head) {
        enter(Phase::Head);
      }
      since_wait = 0;
      const auto room = asio::buffer(in_.space(), in_.room());
      const auto [failed, count] = co_await socket_.async_read_some(room, tuple);
      if (failed && stuck_ && !expired_ && socket_.is_open()) continue;
      if (failed) {
        if (expired_ && phase_ == Phase::Head) co_await refuse(Refusal::Timeout, 0);
        co_return;
      }
      if (!socket_.is_open()) co_return;
      in_.received(count);
    }
    switch (step) {
      case RequestParser::Step::Done:
        break;
      case RequestParser::Step::TooLarge:
        co_await refuse(Refusal::HeadersTooLarge, house_.limits().header_bytes);
        co_return;
      case RequestParser::Step::Unsupported:
        co_await refuse(Refusal::Unsupported, 0);
        co_return;
      default:
        co_await refuse(Refusal::Malformed, 0);
        co_return;
    }

    // The body.
    std::size_t used = parser_.head_size();
    const std::uint64_t length = parser_.content_length();
    const bool has_body = length > 0 || parser_.chunked();
    if (!has_body && parser_.expects_continue() && in_.size() == used && !parser_.http_1_0()) {
      // There is nothing to wait for, but botocore cannot do without once it has asked.
      if (!co_await drain()) co_return;
      if (!co_await write_rest(continue_line, {})) co_return;
    }
    if (has_body) {
      Got got = Got::All;
      if (is_taken_as_it_comes()) {
        if (!co_await drain()) co_return;
        used = begin_incoming();
      } else if (length > house_.limits().body_bytes) {
        got = Got::TooLarge;
      } else if (in_.size() - used >= length && !parser_.chunked()) {
        parser_.request().body.assign(in_.data() + used, length);
        used += length;
      } else {
        // No answer is held back while a body is waited for.
        if (!co_await drain()) co_return;
        if (parser_.expects_continue() && in_.size() == used && !parser_.http_1_0()) {
          if (!co_await write_rest(continue_line, {})) co_return;
        }
        if (parser_.chunked())
          got = co_await read_chunked_body();
        else
          got = co_await read_sized_body(length);
        used = in_.size();
      }
      switch (got) {
        case Got::All:
          break;
        case Got::Gone:
          co_return;
        case Got::Short:
          co_await refuse(Refusal::Truncated, 0);
          co_return;
        case Got::Late:
          co_await refuse(Refusal::Timeout, 0);
          co_return;
        case Got::TooLarge:
          co_await refuse(Refusal::BodyTooLarge, house_.limits().body_bytes);
          co_return;
        case Got::Malformed:
          co_await refuse(Refusal::Malformed, 0);
          co_return;
      }
    }

    // The answer.
    enter(Phase::Busy);
    bool keep_alive = parser_.keep_alive();
    bool lingers = false;
    {
      wire::Request& request = parser_.request();
      request.local_port = local_port_;
      request.peer_port = peer_port_;
      request.connection = connection_;
      const bool is_head = request.method == "HEAD";
      if (incoming_) request.incoming = &*incoming_;
      wire::Response response;
      std::exception_ptr failure;
      try {
        Task<wire::Response> answer = house_.handler()(std::move(request));
        response = co_await std::move(answer);
      } catch (...) {
        failure = std::current_exception();
      }
      if (aborted_) co_return;
      if (failure) {
        log::error("{} {}: the handler failed: {}", request.method, request.target, text_of(failure));
        const Refused refused{Refusal::HandlerFailed, status_of(Refusal::HandlerFailed), 0, request};
        response = house_.refuse(refused);
      }
      const std::shared_ptr<wire::BodyStream> stream = response.stream;
      const bool streamed = stream && !is_head && status_has_body(response.status);
      if (stream && !streamed) stream->close();
      if (incoming_) {
        auto dropping = drop_incoming();
        lingers = !co_await std::move(dropping);
        if (aborted_ || incoming_->end == BodyEnd::Gone) {
          if (streamed) stream->close();
          co_return;
        }
        if (lingers) keep_alive = false;
        incoming_.reset();
      }
      // To an old peer only the end of the connection tells the end of such a body.
      if (streamed && parser_.http_1_0()) keep_alive = false;
      keep_alive = keep_alive && !house_.closing() && !asks_to_close(response);
      const bool has_body = prepare(response, keep_alive, is_head);
      const bool held = keep_alive && !has_body && !streamed && !response.source && hold();
      if (!held) take_back();
      std::string_view head = held ? std::string_view() : out_;
      std::string_view body = has_body ? std::string_view(response.body) : std::string_view();
      bool written = held || write_now(head, body);
      if (written && (!head.empty() || !body.empty())) written = co_await write_rest(head, body);
      if (!written) {
        if (streamed) stream->close();
        co_return;
      }
      if (streamed) {
        auto streaming = write_stream(stream, !parser_.http_1_0());
        if (!co_await std::move(streaming)) co_return;
      } else if (response.source && !is_head && status_has_body(response.status)) {
        auto sending = write_source(std::move(response.source), response.source_size);
        if (!co_await std::move(sending)) co_return;
      }
    }
    if (lingers) {
      co_await linger();
      co_return;
    }
    if (!keep_alive) {
      socket_.shutdown(Socket::shutdown_send, error);
      co_return;
    }

    // Ready for the next.
    in_.consume(used);
    if (chunked_in_.capacity() > 0) in_ = std::exchange(chunked_in_, ReceiveBuffer());
    in_.relax();
    if (!held_) forget_output();
    if (++since_wait >= turn) {
      since_wait = 0;
      co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    }
  }
}

Task<> Session::refuse(Refusal why, std::uint64_t limit) {
  wire::Request& request = parser_.request();
  request.local_port = local_port_;
  request.peer_port = peer_port_;
  request.connection = connection_;
  const Refused refused{why, status_of(why), limit, parser_.request()};
  const wire::Response response = house_.refuse(refused);
  const bool has_body = prepare(response, false, refused.request.method == "HEAD");
  take_back();
  const std::string_view body = has_body ? std::string_view(response.body) : std::string_view();
  if (co_await write_rest(out_, body)) co_await linger();
}

Task<> Session::linger() {
  Error error;
  socket_.shutdown(Socket::shutdown_send, error);
  std::string dropped(16 * 1024, '\0');
  const auto room = asio::buffer(dropped);
  enter(Phase::Lingering);
  const auto last = deadline - linger_silence + linger_total;
  while (!error && deadline < last) {
    const auto result = co_await socket_.async_read_some(room, tuple);
    error = std::get<0>(result);
    if (!error) enter(Phase::Lingering);
  }
}

}  // namespace aviary::http
