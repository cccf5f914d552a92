#include "app/runtime_listeners.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "http/client.hpp"
#include "http/default_words.hpp"
#include "http/server.hpp"

namespace aviary::app {
namespace {

/// Error causes may take 1 MiB of header; a response beyond Lambda's 6 MiB is read to be refused in Lambda's
/// words. A shell's bootstrap connects anew for each request, some hundred times a second; a thousand times a
/// second only who means harm.
constexpr http::Limits runtime_limits{.header_bytes = 1100 * 1024,
                                      .body_bytes = 210ULL << 20,
                                      .header_timeout = std::chrono::seconds(60),
                                      .body_timeout = std::chrono::minutes(15),
                                      .idle_timeout = std::chrono::milliseconds(0),
                                      .connections = 64,
                                      .accept_spacing = std::chrono::milliseconds(1)};

/// A request that was cut short, with what its views look at.
struct Truncated {
  std::string method, target, length, body;
  std::uint16_t local_port, peer_port;
  std::uint64_t connection;
};

/// Tells the environment, which fails the invocation; the runtime's answer has been given already.
Task<> tell(execution::RuntimeHandler handler, Truncated cut) {
  wire::Request request;
  request.method = cut.method;
  request.target = cut.target;
  request.headers = {{"Content-Length", cut.length}};
  request.body = std::move(cut.body);
  request.local_port = cut.local_port;
  request.peer_port = cut.peer_port;
  request.connection = cut.connection;
  auto handling = handler(std::move(request));
  co_await std::move(handling);
}

http::Options runtime_words(execution::RuntimeHandler handler, execution::RuntimeReceiver receiver,
                            TaskGroup& tasks) {
  http::Options options;
  options.receive_body = std::move(receiver);
  options.refuse = [handler = std::move(handler), &tasks](const http::Refused& refused) {
    if (refused.why != http::Refusal::Truncated) return http::default_words(refused);
    const wire::Request& request = refused.request;
    tasks.spawn("truncated runtime response",
                tell(handler, Truncated{std::string(request.method),
                                        std::string(request.target),
                                        std::string(request.header("content-length")),
                                        {},
                                        request.local_port,
                                        request.peer_port,
                                        request.connection}));
    wire::Response response;
    response.status = 400;
    response.set("Content-Type", "application/json");
    response.body =
        R"({"errorMessage":"HTTP request detected as truncated","errorType":"TruncatedHTTPRequest"})"
        "\n";
    return response;
  };
  return options;
}

/// An extension may work on a batch before it answers.
constexpr std::chrono::milliseconds delivery_timeout{5000};

/// Lines over a connection of their own.
Task<bool> send_lines(boost::asio::any_io_executor executor, Stopwatch& stopwatch, std::string address,
                      std::uint16_t port, std::string lines) {
  namespace asio = boost::asio;
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  asio::ip::tcp::socket socket(executor);
  const TimerId timer = stopwatch.call_after(delivery_timeout, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  const asio::ip::tcp::endpoint there(asio::ip::make_address(address), port);
  auto connecting = socket.async_connect(there, token);
  auto [refused] = co_await std::move(connecting);
  bool sent = false;
  if (!refused) {
    const auto buffer = asio::buffer(lines);
    auto writing = asio::async_write(socket, buffer, token);
    auto [broken, bytes] = co_await std::move(writing);
    sent = !broken && bytes == lines.size();
  }
  stopwatch.cancel(timer);
  co_return sent;
}

class Listener final : public execution::RuntimeListener {
 public:
  Listener(boost::asio::any_io_executor executor, Stopwatch& stopwatch, execution::RuntimeHandler handler,
           execution::RuntimeReceiver receiver, TaskGroup& tasks)
      : server_(std::move(executor), stopwatch, handler, runtime_limits,
                runtime_words(handler, std::move(receiver), tasks)) {}

  std::string open() {
    const http::Server::Listening listening = server_.listen("127.0.0.1", 0);
    address_ = fmt::format("127.0.0.1:{}", listening.port);
    return listening.problem;
  }
  std::string address() const override { return address_; }
  bool connected(std::uint64_t connection) const override { return server_.connected(connection); }

 private:
  http::Server server_;
  std::string address_;
};

}  // namespace

std::unique_ptr<execution::RuntimeListener> RuntimeListeners::open(execution::RuntimeHandler handler,
                                                                   execution::RuntimeReceiver receiver,
                                                                   std::string& problem) {
  auto listener =
      std::make_unique<Listener>(executor_, stopwatch_, std::move(handler), std::move(receiver), truncated_);
  problem = listener->open();
  if (!problem.empty()) return nullptr;
  return listener;
}

Task<bool> RuntimeListeners::deliver(execution::TelemetryDestination to, std::string batch) {
  if (to.tcp) {
    auto sending = send_lines(executor_, stopwatch_, to.address, to.port, std::move(batch));
    co_return co_await std::move(sending);
  }
  http::Outgoing request;
  request.host = to.address;
  request.port = to.port;
  request.method = "POST";
  request.target = to.target;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(batch);
  http::FetchLimits limits;
  limits.timeout = delivery_timeout;
  auto fetching = http::fetch(executor_, stopwatch_, std::move(request), limits);
  const auto answer = co_await std::move(fetching);
  co_return answer.has_value() && answer->status < 300;
}

}  // namespace aviary::app
