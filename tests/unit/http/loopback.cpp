#include "unit/http/loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace aviary::http {

TimerId HandStopwatch::call_after(std::chrono::nanoseconds delay, std::function<void()> what) {
  const TimerId id = ++last_;
  timers_.emplace(std::pair{now_ + delay, id}, std::move(what));
  return id;
}

bool HandStopwatch::cancel(TimerId timer) {
  return std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; }) > 0;
}

void HandStopwatch::advance(std::chrono::nanoseconds by) {
  const auto end = now_ + by;
  while (!timers_.empty() && timers_.begin()->first.first <= end) {
    auto entry = timers_.extract(timers_.begin());
    now_ = entry.key().first;
    entry.mapped()();
  }
  now_ = end;
}

Peer::Peer(std::uint16_t port, const char* address) {
  const bool six = std::strchr(address, ':') != nullptr;
  descriptor_ = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in4{};
  in4.sin_family = AF_INET;
  in4.sin_port = htons(port);
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  ::inet_pton(six ? AF_INET6 : AF_INET, address,
              six ? static_cast<void*>(&in6.sin6_addr) : static_cast<void*>(&in4.sin_addr));
  const auto* where = six ? reinterpret_cast<sockaddr*>(&in6) : reinterpret_cast<sockaddr*>(&in4);
  if (::connect(descriptor_, where, six ? sizeof in6 : sizeof in4) != 0) close();
}

Peer::Peer(Peer&& other) noexcept
    : received(std::move(other.received)),
      ended(other.ended),
      was_reset(other.was_reset),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Peer::~Peer() { close(); }

std::uint16_t Peer::port() const {
  sockaddr_in local{};
  socklen_t length = sizeof local;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&local), &length);
  return ntohs(local.sin_port);
}

std::size_t Peer::send(std::string_view bytes) {
  const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Peer::half_close() { ::shutdown(descriptor_, SHUT_WR); }

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void Peer::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Peer::receive() {
  char bytes[16384];
  while (!ended) {
    const auto count = ::recv(descriptor_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count > 0) {
      received.append(bytes, static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ended = true;
    was_reset = count < 0;
  }
}

Loopback::Loopback(Handler handler, Limits limits, Options options) {
  server =
      std::make_unique<Server>(io.get_executor(), stopwatch, std::move(handler), limits, std::move(options));
  const auto listening = server->listen("127.0.0.1", 0);
  if (!listening.problem.empty()) throw std::runtime_error(listening.problem);
  port = listening.port;
}

Loopback::~Loopback() {
  if (!stopped) stop(std::chrono::milliseconds(0));
}

bool Loopback::run_until(const std::function<bool()>& done) {
  for (int turn = 0; turn < 2000; ++turn) {
    io.restart();
    io.poll();
    if (done()) return true;
    io.run_for(std::chrono::milliseconds(1));
  }
  return false;
}

void Loopback::settle() {
  for (int quiet = 0; quiet < 3;) {
    io.restart();
    quiet = io.run_for(std::chrono::milliseconds(1)) == 0 ? quiet + 1 : 0;
  }
}

std::string Loopback::exchange(Peer& peer, std::string_view request, std::size_t answers) {
  peer.received.clear();
  run_until([&] {
    request.remove_prefix(peer.send(request));
    peer.receive();
    return peer.ended || (request.empty() && count_answers(peer.received) >= answers);
  });
  return peer.received;
}

void Loopback::stop(std::chrono::milliseconds grace) {
  bool done = false;
  boost::asio::co_spawn(io, server->stop(grace), [&done](const std::exception_ptr&) { done = true; });
  settle();
  stopwatch.advance(grace);
  run_until([&done] { return done; });
  stopped = done;
}

std::size_t count_answers(std::string_view text) {
  std::size_t answers = 0;
  for (;;) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return answers;
    const std::string_view head = text.substr(0, end);
    std::size_t length = 0;
    const auto field = head.find("\r\nContent-Length: ");
    if (field != std::string_view::npos) length = std::strtoull(head.data() + field + 18, nullptr, 10);
    if (text.size() < end + 4 + length) return answers;
    text.remove_prefix(end + 4 + length);
    // 100 Continue announces the answer, it is none.
    if (!head.starts_with("HTTP/1.1 100")) ++answers;
  }
}

std::string body_of(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace aviary::http
