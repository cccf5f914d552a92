#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string_view>

namespace aviary::host {

/// Reads a process's output pipe on the loop, a bounded piece a turn, and no faster than a function has any
/// business to write: an endless writer is held up by its full pipe and starves nobody.
class OutputPump : public std::enable_shared_from_this<OutputPump> {
 public:
  using Sink = std::function<void(std::string_view)>;
  /// Takes over `descriptor`, which must be non-blocking. `ended` is called once, when every writer has
  /// closed it.
  static std::shared_ptr<OutputPump> start(boost::asio::any_io_executor executor, int descriptor, Sink sink,
                                           std::function<void()> ended);
  ~OutputPump();
  bool ended() const noexcept;
  /// Takes what is in the pipe by now, as much as a pipe holds, whatever the pace.
  void collect();
  /// Takes what is in the pipe by now (a bounded amount) and closes it; `ended` is not called.
  void finish();
  /// Closes it without looking; `ended` is not called.
  void drop();

 private:
  struct Pipe;
  explicit OutputPump(std::unique_ptr<Pipe> pipe);
  void wait();
  void read();
  void end();

  std::unique_ptr<Pipe> pipe_;
};

}  // namespace aviary::host
