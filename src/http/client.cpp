#include "http/client.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <stdexcept>

#include "http/completion.hpp"

namespace aviary::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Error = boost::system::error_code;
using Answer = boost::system::result<wire::Response, FetchProblem>;

/// One fetch's connection. The timer and the coroutine share it, so that whichever is later finds it alive.
struct Line {
  explicit Line(const asio::any_io_executor& executor) : resolver(executor), socket(executor) {}
  tcp::resolver resolver;
  tcp::socket socket;
  bool late = false;

  void hang_up() {
    late = true;
    Error ignored;
    resolver.cancel();
    socket.close(ignored);
  }
};

/// Cancels the deadline however the fetch ends.
struct Deadline {
  Stopwatch& stopwatch;
  TimerId timer;
  ~Deadline() { stopwatch.cancel(timer); }
};

std::string render(const Outgoing& request) {
  const bool is_ipv6 = request.host.find(':') != std::string::npos;
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}", request.method, request.target,
                                 is_ipv6 ? "[" : "", request.host, is_ipv6 ? "]" : "");
  if (request.port != 80) text += fmt::format(":{}", request.port);
  text += "\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  text += "\r\n";
  return text + request.body;
}

Answer problem(const Line& line, FetchProblem::Kind kind, const Error& error) {
  if (line.late) return FetchProblem{FetchProblem::Kind::Timeout, "no answer in time"};
  // Cancelled from outside: shutdown, not a problem of the peer.
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  return FetchProblem{kind, error.message()};
}

}  // namespace

Task<Answer> fetch(asio::any_io_executor executor, Stopwatch& stopwatch, Outgoing request,
                   FetchLimits limits) {
  const auto line = std::make_shared<Line>(executor);
  const Deadline deadline{stopwatch, stopwatch.call_after(limits.timeout, [line] { line->hang_up(); })};

  Error parsed;
  std::vector<tcp::endpoint> endpoints;
  const auto address = asio::ip::make_address(request.host, parsed);
  if (!parsed) {
    endpoints.emplace_back(address, request.port);
  } else {
    const std::string service = std::to_string(request.port);
    auto [error, found] = co_await line->resolver.async_resolve(request.host, service, tuple);
    if (error) co_return problem(*line, FetchProblem::Kind::Resolve, error);
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  {
    const auto [error, endpoint] = co_await asio::async_connect(line->socket, endpoints, tuple);
    if (error) co_return problem(*line, FetchProblem::Kind::Connect, error);
  }
  Error ignored;
  line->socket.set_option(tcp::no_delay(true), ignored);
  const std::string text = render(request);
  const auto bytes = asio::buffer(text);
  {
    // A server may answer, and close, before it has read everything: what it said still counts.
    const auto [error, count] = co_await asio::async_write(line->socket, bytes, tuple);
    if (error && (line->late || error == asio::error::operation_aborted))
      co_return problem(*line, FetchProblem::Kind::Exchange, error);
  }
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(limits.answer_bytes);
  if (request.method == "HEAD") parser.skip(true);
  const auto [error, count] = co_await beast::http::async_read(line->socket, buffer, parser, tuple);
  if (error) co_return problem(*line, FetchProblem::Kind::Exchange, error);

  wire::Response response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get())
    response.set(std::string(field.name_string()), std::string(field.value()));
  response.body = std::move(parser.get().body());
  co_return response;
}

void throw_exception_from_error(const FetchProblem& problem, const boost::source_location& where) {
  throw std::logic_error(
      fmt::format("unchecked answer at {}:{}: {}", where.file_name(), where.line(), problem.text));
}

}  // namespace aviary::http
