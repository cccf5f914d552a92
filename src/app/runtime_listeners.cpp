#include "app/runtime_listeners.hpp"

#include <fmt/format.h>

#include "http/server.hpp"

namespace aviary::app {
namespace {

/// Error causes may take 1 MiB of header; a response beyond Lambda's 6 MiB is read to be refused in Lambda's
/// words.
constexpr http::Limits runtime_limits{.header_bytes = 1100 * 1024,
                                      .body_bytes = 210ULL << 20,
                                      .header_timeout = std::chrono::seconds(60),
                                      .body_timeout = std::chrono::minutes(15),
                                      .idle_timeout = std::chrono::milliseconds(0),
                                      .connections = 64};

class Listener final : public execution::RuntimeListener {
 public:
  Listener(boost::asio::any_io_executor executor, Stopwatch& stopwatch, execution::RuntimeHandler handler)
      : server_(std::move(executor), stopwatch, std::move(handler), runtime_limits) {}

  std::string open() {
    const http::Server::Listening listening = server_.listen("127.0.0.1", 0);
    address_ = fmt::format("127.0.0.1:{}", listening.port);
    return listening.problem;
  }
  std::string address() const override { return address_; }

 private:
  http::Server server_;
  std::string address_;
};

}  // namespace

std::unique_ptr<execution::RuntimeListener> RuntimeListeners::open(execution::RuntimeHandler handler,
                                                                   std::string& problem) {
  auto listener = std::make_unique<Listener>(executor_, stopwatch_, std::move(handler));
  problem = listener->open();
  if (!problem.empty()) return nullptr;
  return listener;
}

}  // namespace aviary::app
