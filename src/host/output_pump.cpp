#include "host/output_pump.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>

namespace aviary::host {
namespace {

constexpr std::size_t piece = 16 * 1024;
/// 64 KiB in 4 ms: 16 MiB a second.
constexpr std::size_t allowance = 64 * 1024;
constexpr std::chrono::milliseconds period{4};
/// So many times in a period a line is read as soon as it is written, and has its very time; what is written
/// without pause is read once a period, lest each line wake the loop.
constexpr int most_reads = 8;
/// What a pipe may hold at most when its last process has gone.
constexpr std::size_t most_at_end = 1024 * 1024;

}  // namespace

struct OutputPump::Pipe {
  Pipe(boost::asio::any_io_executor executor, int descriptor, Sink to, std::function<void()> at_end)
      : stream(executor, descriptor), pause(executor), sink(std::move(to)), ended(std::move(at_end)) {}
  boost::asio::posix::stream_descriptor stream;
  boost::asio::steady_timer pause;
  Sink sink;
  std::function<void()> ended;
  bool open = true;
  std::chrono::steady_clock::time_point period_start{};
  std::size_t taken = 0;  // in this period
  int reads = 0;          // in this period

  /// Bytes read, 0 at the end, -1 when there is nothing now.
  ssize_t take() {
    std::array<char, piece> bytes;
    ssize_t length;
    do {
      length = ::read(stream.native_handle(), bytes.data(), bytes.size());
    } while (length < 0 && errno == EINTR);
    if (length > 0 && sink) sink({bytes.data(), static_cast<std::size_t>(length)});
    if (length < 0 && errno != EAGAIN) return 0;
    return length;
  }
};

std::shared_ptr<OutputPump> OutputPump::start(boost::asio::any_io_executor executor, int descriptor,
                                              Sink sink, std::function<void()> ended) {
  std::shared_ptr<OutputPump> pump(new OutputPump(
      std::make_unique<Pipe>(std::move(executor), descriptor, std::move(sink), std::move(ended))));
  pump->wait();
  return pump;
}

OutputPump::OutputPump(std::unique_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
OutputPump::~OutputPump() = default;
bool OutputPump::ended() const noexcept { return !pipe_->open; }

void OutputPump::wait() {
  pipe_->stream.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [weak = weak_from_this()](boost::system::error_code error) {
                             const auto self = weak.lock();
                             if (!error && self && self->pipe_->open) self->read();
                           });
}

void OutputPump::read() {
  const ssize_t length = pipe_->take();
  if (!pipe_->open) return;  // the sink closed it
  if (length == 0) {
    end();
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - pipe_->period_start >= period) {
    pipe_->period_start = now;
    pipe_->taken = 0;
    pipe_->reads = 0;
  }
  ++pipe_->reads;
  if (length > 0) pipe_->taken += static_cast<std::size_t>(length);
  const bool wrote_much = length == static_cast<ssize_t>(piece);
  if (pipe_->taken < allowance && (pipe_->reads < most_reads || wrote_much)) {
    wait();
    return;
  }
  pipe_->pause.expires_at(pipe_->period_start + period);
  pipe_->pause.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->pipe_->open) self->wait();
  });
}

void OutputPump::collect() {
  for (std::size_t taken = 0; pipe_->open && taken < allowance;) {
    const ssize_t length = pipe_->take();
    if (length <= 0) return;  // the end is for `read` to find
    taken += static_cast<std::size_t>(length);
    pipe_->taken += static_cast<std::size_t>(length);
  }
}

void OutputPump::end() {
  const auto ended = std::move(pipe_->ended);
  drop();
  if (ended) ended();
}

void OutputPump::finish() {
  for (std::size_t taken = 0; pipe_->open && taken < most_at_end;) {
    const ssize_t length = pipe_->take();
    if (length <= 0) break;
    taken += static_cast<std::size_t>(length);
  }
  drop();
}

void OutputPump::drop() {
  if (!pipe_->open) return;
  pipe_->open = false;
  pipe_->ended = nullptr;
  pipe_->stream.close();
  pipe_->pause.cancel();
}

}  // namespace aviary::host
