#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "http/completion.hpp"
#include "http/response_head.hpp"
#include "http/session.hpp"

/// How answers get out.
namespace aviary::http {
namespace {

/// A body up to this size is copied behind the head: one small write is cheaper than a gathered one.
constexpr std::size_t small_body = 4096;
/// What an idle connection may keep of its output buffer.
constexpr std::size_t idle_output = 8192;
/// Answers that are held back are no more than this together: the kernel takes that much, as a rule.
constexpr std::size_t most_held = 16 * 1024;

}  // namespace

/// Appends the head to `out_`, and its body if that is small. Whether the body has to be written apart from
/// it.
bool Session::prepare(const wire::Response& response, bool keep_alive, bool is_head) {
  Framing framing;
  framing.keep_alive = keep_alive;
  framing.http_1_0 = parser_.http_1_0();
  framing.head = is_head;
  framing.streamed = response.stream && !is_head && status_has_body(response.status);
  framing.date = house_.date();
  if (!held_) out_.clear();
  append_head(out_, response, framing);
  if (is_head || framing.streamed || response.source || !status_has_body(response.status)) return false;
  if (response.body.size() > small_body) return true;
  out_ += response.body;
  return false;
}

/// What is in `out_` goes out at the end of the turn. False: it is too much to wait, or the peer does not
/// read.
bool Session::hold() {
  if (stuck_ || out_.size() > most_held) return false;
  if (!std::exchange(held_, true)) turn_.add(*this, socket_.get_executor());
  return true;
}

/// What is in `out_` is for the caller to write.
void Session::take_back() {
  if (std::exchange(held_, false) && !std::exchange(stuck_, false)) turn_.remove(*this);
}

void Session::flush() {
  std::string_view rest = out_;
  std::string_view nothing;
  boost::system::error_code ignored;
  if (!write_now(rest, nothing)) {
    held_ = false;
    socket_.close(ignored);
    return;
  }
  if (!rest.empty()) {
    // Whoever reads from this connection right now is to see to it first.
    out_.erase(0, out_.size() - rest.size());
    stuck_ = true;
    socket_.cancel(ignored);
    return;
  }
  held_ = false;
  forget_output();
}

/// Before the connection is closed: what is held does not wait for the end of the turn.
void Session::flush_now() {
  if (!held_ || stuck_) return;
  turn_.remove(*this);
  flush();
}

void Session::forget_output() {
  out_.clear();
  if (out_.capacity() > idle_output) out_ = std::string();
}

/// Waits until what is held is out. False: the peer is gone.
Task<bool> Session::drain() {
  if (!held_) co_return true;
  take_back();
  auto writing = write_rest(out_, {});
  co_return co_await std::move(writing);
}

/// Writes what the kernel takes without waiting, and leaves the rest in its arguments. False: the peer is
/// gone.
bool Session::write_now(std::string_view& head, std::string_view& body) {
  boost::system::error_code error;
  std::size_t count = 0;
  if (body.empty()) {
    count = socket_.write_some(boost::asio::buffer(head), error);
  } else {
    const std::array<boost::asio::const_buffer, 2> both{boost::asio::buffer(head), boost::asio::buffer(body)};
    count = socket_.write_some(both, error);
  }
  if (error && error != boost::asio::error::would_block) return false;
  const std::size_t of_head = std::min(count, head.size());
  head.remove_prefix(of_head);
  body.remove_prefix(count - of_head);
  return true;
}

Task<bool> Session::write_rest(std::string_view head, std::string_view body) {
  for (;;) {
    if (!write_now(head, body)) co_return false;
    if (head.empty() && body.empty()) co_return true;
    enter(Phase::Writing);
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, tuple);
    if (error || !socket_.is_open()) co_return false;
  }
}

}  // namespace aviary::http
