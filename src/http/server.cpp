#include "http/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <list>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "http/completion.hpp"
#include "http/default_words.hpp"
#include "http/session.hpp"
#include "ports/one_shot.hpp"

namespace aviary::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::any_io_executor>;

/// How long to leave a listener alone when the process is out of descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{100};
/// New connections that are taken before everybody else has a turn.
constexpr int accepts_a_turn = 8;
/// Deadlines are looked at together, and not more often than this.
constexpr std::chrono::milliseconds sweep_spacing{50};

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

/// Function processes are started from this one and must not inherit its connections.
void keep_from_children(int descriptor) { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

/// How many may come at once, and how many after that: full at first, and again with time.
class Allowance {
 public:
  Allowance(const Limits& limits, std::chrono::nanoseconds now)
      : spacing_(limits.accept_spacing),
        most_(spacing_ * static_cast<std::int64_t>(limits.accept_burst)),
        spent_until_(now) {}

  void take(std::chrono::nanoseconds now) { spent_until_ = std::max(spent_until_, now) + spacing_; }
  /// Until one more may be taken; 0: now.
  std::chrono::nanoseconds wait(std::chrono::nanoseconds now) const {
    return std::max(spent_until_ + spacing_ - now - most_, std::chrono::nanoseconds(0));
  }

 private:
  std::chrono::nanoseconds spacing_;
  std::chrono::nanoseconds most_;
  std::chrono::nanoseconds spent_until_;
};

/// Asio reports readiness once more when it had seen it before, so that a wait alone proves nothing.
bool has_visitor(Acceptor& acceptor) {
  pollfd listening{acceptor.native_handle(), POLLIN, 0};
  return ::poll(&listening, 1, 0) == 1;
}

}  // namespace

struct Server::State final : House, std::enable_shared_from_this<State> {
  struct Listener {
    Acceptor acceptor;
    std::uint16_t port;
  };

  State(asio::any_io_executor e, Stopwatch& s, Handler h, Limits l, Options o)
      : executor(std::move(e)), stopwatch(s), handler_(std::move(h)), limits_(l), options(std::move(o)) {}

  // What sessions ask for.
  const Handler& handler() const override { return handler_; }
  const Limits& limits() const override { return limits_; }
  bool closing() const override { return closing_; }
  wire::Response refuse(const Refused& refused) override {
    return options.refuse ? options.refuse(refused) : default_words(refused);
  }
  std::string_view date() override;
  std::shared_ptr<wire::BodyStream> receive_body(const wire::Request& request) override {
    return options.receive_body ? options.receive_body(request) : nullptr;
  }
  bool takes_stream(const wire::Request& request) override {
    return options.takes_stream && options.takes_stream(request);
  }
  void set_deadline(Session& session, std::chrono::nanoseconds allowance) override;

  void sweep();
  void arm_sweep(std::chrono::nanoseconds now, std::chrono::nanoseconds due);
  void start_session(int descriptor, const tcp& protocol, std::uint16_t local_port, std::uint16_t peer_port);
  void session_ended(std::list<Session>::iterator session);
  void wake_listeners();
  bool is_full() const { return sessions.size() >= limits_.connections; }
  void make_room();
  void close_listeners();
  void settle();
  bool gone() const { return sessions.empty() && accepting == 0; }

  Task<> pause(std::chrono::nanoseconds length);
  static Task<> accept(std::shared_ptr<State> state, Listener& listener);
  static Task<> stop(std::shared_ptr<State> state, std::chrono::milliseconds grace);

  asio::any_io_executor executor;
  Stopwatch& stopwatch;
  Handler handler_;
  Limits limits_;
  Options options;
  bool closing_ = false;
  std::list<Listener> listeners;
  std::size_t accepting = 0;          ///< accept loops still running
  std::vector<OneShot<bool>> paused;  ///< accept loops that wait for room
  std::list<Session> sessions;
  std::vector<OneShot<bool>> settled;  ///< `stop`s that wait for the last to go

  TimerId sweep_timer = 0;
  std::chrono::nanoseconds sweep_due{0};

  Instant dated{};
  std::string date_;
};

std::string_view Server::State::date() {
  if (!options.now) return {};
  const Instant second = std::chrono::floor<std::chrono::seconds>(options.now());
  if (date_.empty() || second != dated) {
    dated = second;
    date_ = http_date(second);
  }
  return date_;
}

/// One timer serves all connections, and is moved only when a deadline comes before all others. A busy
/// connection's idle deadline moves on with each request without touching the timer.
void Server::State::set_deadline(Session& session, std::chrono::nanoseconds allowance) {
  const auto now = stopwatch.elapsed();
  session.deadline = now + allowance;
  if (sweep_timer == 0 || session.deadline < sweep_due) arm_sweep(now, session.deadline);
}

void Server::State::arm_sweep(std::chrono::nanoseconds now, std::chrono::nanoseconds due) {
  if (sweep_timer != 0) stopwatch.cancel(sweep_timer);
  sweep_due = std::max(due, now + std::chrono::nanoseconds(sweep_spacing));
  sweep_timer = stopwatch.call_after(sweep_due - now, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sweep();
  });
}

void Server::State::sweep() {
  sweep_timer = 0;
  const auto now = stopwatch.elapsed();
  auto earliest = Session::no_deadline;
  for (Session& session : sessions) {
    if (session.deadline <= now) {
      session.deadline = Session::no_deadline;
      session.expired();
    } else {
      earliest = std::min(earliest, session.deadline);
    }
  }
  if (earliest != Session::no_deadline) arm_sweep(now, earliest);
}

void Server::State::start_session(int descriptor, const tcp& protocol, std::uint16_t local_port,
                                  std::uint16_t peer_port) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Socket socket(executor);
  Error error;
  socket.assign(protocol, descriptor, error);
  if (error) {
    log::warn("a connection could not be served: {}", error.message());
    ::close(descriptor);
    return;
  }
  sessions.emplace_front(*this, std::move(socket), local_port, peer_port);
  const auto session = sessions.begin();
  auto ended = [self = shared_from_this(), session](const std::exception_ptr& escaped) {
    if (escaped) log::debug("a connection ended early");
    // Not at once: Asio may have a cancellation in its queue that still uses the session's signal.
    asio::post(self->executor, [self, session] { self->session_ended(session); });
  };
  asio::co_spawn(executor, session->run(),
                 asio::bind_cancellation_slot(session->cancel.slot(), std::move(ended)));
}

void Server::State::session_ended(std::list<Session>::iterator session) {
  sessions.erase(session);
  wake_listeners();
  settle();
  if (sessions.empty() && sweep_timer != 0) {
    stopwatch.cancel(sweep_timer);
    sweep_timer = 0;
  }
}

void Server::State::wake_listeners() {
  for (const auto& waiting : paused) waiting.set(true);
  paused.clear();
}

/// Without this, clients that keep connections open and unused would keep everybody else out.
void Server::State::make_room() {
  Session* longest = nullptr;
  for (Session& session : sessions)  // newest first: of equals the oldest
    if ((longest == nullptr || session.deadline <= longest->deadline) && session.is_resting())
      longest = &session;
  if (longest != nullptr) longest->expired();
}

void Server::State::settle() {
  if (!gone()) return;
  for (const auto& waiting : settled) waiting.set(true);
  settled.clear();
}

void Server::State::close_listeners() {
  Error ignored;
  for (Listener& listener : listeners) listener.acceptor.close(ignored);
  wake_listeners();
}

/// Of an accept loop; ends early when there is room, or nothing more to accept.
Task<> Server::State::pause(std::chrono::nanoseconds length) {
  OneShot<bool> over;
  paused.push_back(over);
  const TimerId timer = stopwatch.call_after(length, [over] { over.set(true); });
  co_await over.wait();
  stopwatch.cancel(timer);
  std::erase_if(paused, [](const OneShot<bool>& each) { return each.is_set(); });
}

Task<> Server::State::accept(std::shared_ptr<State> state, Listener& listener) {
  bool reported = false;
  int in_turn = 0;
  Allowance allowance(state->limits_, state->stopwatch.elapsed());
  while (!state->closing_) {
    if (const auto early = allowance.wait(state->stopwatch.elapsed()); early.count() > 0) {
      co_await state->pause(early);
      continue;
    }
    if (in_turn == accepts_a_turn) {
      in_turn = 0;
      co_await asio::post(state->executor, asio::use_awaitable);
      continue;
    }
    if (state->is_full()) {
      const auto [error] = co_await listener.acceptor.async_wait(Acceptor::wait_read, tuple);
      if (error) break;
      if (!state->is_full() || !has_visitor(listener.acceptor)) continue;
      state->make_room();
      // What is busy now may rest in a moment, without ending.
      co_await state->pause(accept_pause);
      continue;
    }
    // accept4 rather than Asio's own accept: it makes the descriptor close-on-exec in the same step.
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int descriptor = ::accept4(listener.acceptor.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                     &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      reported = false;
      ++in_turn;
      allowance.take(state->stopwatch.elapsed());
      state->start_session(descriptor, peer.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listener.port,
                           port_of(peer));
      continue;
    }
    const int why = errno;
    if (why == EAGAIN || why == EWOULDBLOCK) {
      in_turn = 0;
      const auto [error] = co_await listener.acceptor.async_wait(Acceptor::wait_read, tuple);
      if (error && error != asio::error::operation_aborted)
        log::error("cannot wait for connections on port {}: {}", listener.port, error.message());
      if (error) break;
      continue;
    }
    if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM) {
      if (!reported)
        log::error("cannot accept connections for now: {}",
                   Error(why, boost::system::system_category()).message());
      reported = true;
      co_await state->pause(accept_pause);
      continue;
    }
    if (why == EBADF || why == EINVAL || why == ENOTSOCK) break;
    // Anything else is the fate of one connection, not of the listener: accept(2), "Error handling".
  }
}

Task<> Server::State::stop(std::shared_ptr<State> state, std::chrono::milliseconds grace) {
  state->closing_ = true;
  state->close_listeners();
  for (Session& session : state->sessions) session.wind_down();
  if (state->gone()) co_return;

  OneShot<bool> settled;
  state->settled.push_back(settled);
  const TimerId timer = state->stopwatch.call_after(grace, [weak = std::weak_ptr<State>(state)] {
    const auto self = weak.lock();
    if (!self) return;
    // Aborting resumes handlers only from the loop, so the list stays as it is meanwhile.
    for (Session& session : self->sessions) session.abort();
  });
  co_await settled.wait();
  state->stopwatch.cancel(timer);
}

Server::Server(asio::any_io_executor executor, Stopwatch& stopwatch, Handler handler, Limits limits,
               Options options)
    : state_(std::make_shared<State>(std::move(executor), stopwatch, std::move(handler), limits,
                                     std::move(options))) {}

Server::~Server() {
  state_->closing_ = true;
  state_->close_listeners();
  for (Session& session : state_->sessions) session.abort();
  if (state_->sweep_timer != 0) state_->stopwatch.cancel(state_->sweep_timer);
}

Server::Listening Server::listen(const std::string& address, std::uint16_t port) {
  Error error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return {0, fmt::format("cannot listen on '{}': not an IP address", address)};

  const tcp::endpoint endpoint(ip, port);
  Acceptor acceptor(state_->executor);
  acceptor.open(endpoint.protocol(), error);
  if (!error) keep_from_children(acceptor.native_handle());
  // A port whose old connections are still winding down may be taken at once; one that somebody listens on
  // may not.
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor.native_non_blocking(true, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  const std::uint16_t chosen = error ? std::uint16_t{0} : acceptor.local_endpoint(error).port();
  if (error == asio::error::address_in_use)
    return {0,
            fmt::format("cannot listen on {}:{}: another program is listening there already", address, port)};
  if (error == boost::system::errc::address_not_available)
    return {0, fmt::format("cannot listen on {}: this machine has no such address", address)};
  if (error) return {0, fmt::format("cannot listen on {}:{}: {}", address, port, error.message())};

  State& state = *state_;
  state.listeners.push_back({std::move(acceptor), chosen});
  ++state.accepting;
  asio::co_spawn(state.executor, State::accept(state_, state.listeners.back()),
                 [self = state_](const std::exception_ptr& escaped) {
                   if (escaped) log::error("a listener ended unexpectedly");
                   --self->accepting;
                   self->settle();
                 });
  return {chosen, {}};
}

void Server::adopt(int connected_socket) {
  sockaddr_storage local{};
  sockaddr_storage peer{};
  socklen_t length = sizeof local;
  ::getsockname(connected_socket, reinterpret_cast<sockaddr*>(&local), &length);
  length = sizeof peer;
  ::getpeername(connected_socket, reinterpret_cast<sockaddr*>(&peer), &length);
  keep_from_children(connected_socket);
  state_->start_session(connected_socket, local.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), port_of(local),
                        port_of(peer));
}

Task<> Server::stop(std::chrono::milliseconds grace) { return State::stop(state_, grace); }

bool Server::connected(std::uint64_t connection) const {
  for (Session& session : state_->sessions)
    if (session.connection() == connection) return session.connected();
  return false;
}

std::size_t Server::connections() const noexcept { return state_->sessions.size(); }

}  // namespace aviary::http
