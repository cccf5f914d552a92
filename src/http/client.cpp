#include "http/client.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <stdexcept>

#include "http/completion.hpp"

namespace aviary::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Error = boost::system::error_code;
using Answer = boost::system::result<wire::Response, FetchProblem>;

/// Of `sockaddr_un`.
constexpr std::size_t longest_socket = 108;

using SecureStream = asio::ssl::stream<tcp::socket&>;

struct Lateness {
  bool late = false;  ///< its time ran out
};

/// One fetch's connection. The timer and the coroutine share it, so that whichever is later finds it alive.
struct Line : Lateness {
  explicit Line(const asio::any_io_executor& executor) : resolver(executor), socket(executor) {}
  tcp::resolver resolver;
  tcp::socket socket;
  std::optional<SecureStream> secure{};  ///< around the socket

  void hang_up() {
    late = true;
    Error ignored;
    resolver.cancel();
    socket.close(ignored);
  }
};
using LinePtr = std::shared_ptr<Line>;

struct LocalLine : Lateness {
  explicit LocalLine(const asio::any_io_executor& executor) : socket(executor) {}
  asio::local::stream_protocol::socket socket;

  void hang_up() {
    late = true;
    Error ignored;
    socket.close(ignored);
  }
};

/// Cancels the deadline however the fetch ends.
struct Deadline {
  Stopwatch& stopwatch;
  TimerId timer;
  ~Deadline() { stopwatch.cancel(timer); }
};

template <class Held>
TimerId limit(Stopwatch& stopwatch, const FetchLimits& limits, std::shared_ptr<Held> line) {
  if (limits.timeout.count() == 0) return 0;
  return stopwatch.call_after(limits.timeout, [line] { line->hang_up(); });
}

std::string render(const Outgoing& request) {
  const bool is_ipv6 = request.host.find(':') != std::string::npos;
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}", request.method, request.target,
                                 is_ipv6 ? "[" : "", request.host, is_ipv6 ? "]" : "");
  if (request.port != (request.secure ? 443 : 80)) text += fmt::format(":{}", request.port);
  text += "\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  text += "\r\n";
  return text + request.body;
}

Answer problem(const Lateness& line, FetchProblem::Kind kind, const Error& error) {
  if (line.late) return FetchProblem{FetchProblem::Kind::Timeout, "no answer in time"};
  // Cancelled from outside: shutdown, not a problem of the peer.
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  return FetchProblem{kind, error.message()};
}

/// What the certificate is held against: the name that was asked for, or the address.
bool expect_name(SSL* session, const std::string& host) {
  Error no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // SNI: a server of many names shows the right certificate.
  return SSL_set1_host(session, host.c_str()) == 1 && SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

/// The certificate to show, and the key that proves whose it is.
bool show_certificate(SSL* session, const std::string& certificate, const std::string& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> public_text(
      BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())), BIO_free_all);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> key_text(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free_all);
  if (!public_text || !key_text) return false;
  const std::unique_ptr<X509, decltype(&X509_free)> shown(
      PEM_read_bio_X509(public_text.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> proof(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  return shown && proof && SSL_use_certificate(session, shown.get()) == 1 &&
         SSL_use_PrivateKey(session, proof.get()) == 1;
}

/// Why there is no secure connection, so that who set it up knows what to do.
FetchProblem handshake_problem(SSL* session, const std::string& host, const Error& error) {
  const long verdict = SSL_get_verify_result(session);
  FetchProblem problem{FetchProblem::Kind::Secure, {}};
  if (verdict == X509_V_OK) {
    problem.text = fmt::format("no TLS with {}: {}", host, error.message());
    return problem;
  }
  problem.text =
      fmt::format("the certificate of {} is not trusted: {}", host, X509_verify_cert_error_string(verdict));
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      problem.text += "; --ca-bundle or SSL_CERT_FILE names who is";
      break;
    default:
      break;
  }
  return problem;
}

/// Wraps the connection in TLS. Nothing: it went well.
Task<std::optional<FetchProblem>> secure(LinePtr line, std::string host, std::shared_ptr<Trust> trust,
                                         std::string certificate, std::string key) {
  if (!trust) trust = std::make_shared<Trust>();
  std::string why;
  asio::ssl::context* context = trust->context(why);
  if (context == nullptr) co_return FetchProblem{FetchProblem::Kind::Secure, why};
  line->secure.emplace(line->socket, *context);
  SSL* session = line->secure->native_handle();
  if (!expect_name(session, host))
    co_return FetchProblem{FetchProblem::Kind::Secure, fmt::format("{} is no name of a server", host)};
  if (!certificate.empty() && !show_certificate(session, certificate, key))
    co_return FetchProblem{FetchProblem::Kind::Secure, "the client's certificate cannot be read"};
  const auto [error] = co_await line->secure->async_handshake(asio::ssl::stream_base::client, tuple);
  if (!error) co_return std::nullopt;
  if (line->late || error == asio::error::operation_aborted)
    co_return problem(*line, FetchProblem::Kind::Secure, error).error();
  co_return handshake_problem(session, host, error);
}

/// Says `text` and hears the answer.
template <class Stream>
Task<Answer> converse(std::shared_ptr<Lateness> line, Stream& stream, std::string text, bool head,
                      std::uint64_t answer_bytes) {
  const auto bytes = asio::buffer(text);
  {
    // A server may answer, and close, before it has read everything: what it said still counts.
    const auto [error, count] = co_await asio::async_write(stream, bytes, tuple);
    if (error && (line->late || error == asio::error::operation_aborted))
      co_return problem(*line, FetchProblem::Kind::Exchange, error);
  }
  beast::flat_buffer buffer;
  wire::Response response;
  // What a server says in between (100, 103) is no answer yet.
  do {
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(answer_bytes);
    if (head) parser.skip(true);
    const auto [error, count] = co_await beast::http::async_read(stream, buffer, parser, tuple);
    if (error) co_return problem(*line, FetchProblem::Kind::Exchange, error);
    response = {};
    response.status = parser.get().result_int();
    for (const auto& field : parser.get())
      response.set(std::string(field.name_string()), std::string(field.value()));
    response.body = std::move(parser.get().body());
  } while (response.status < 200 && response.status != 101);
  co_return response;
}

}  // namespace

Task<Answer> fetch(asio::any_io_executor executor, Stopwatch& stopwatch, Outgoing request,
                   FetchLimits limits) {
  const auto line = std::make_shared<Line>(executor);
  const Deadline deadline{stopwatch, limit(stopwatch, limits, line)};

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
  std::string text = render(request);
  const bool head = request.method == "HEAD";
  if (!request.secure) {
    auto talking = converse(line, line->socket, std::move(text), head, limits.answer_bytes);
    Answer answer = co_await std::move(talking);
    co_return answer;
  }
  auto securing = secure(line, request.host, request.trust, request.certificate, request.key);
  const std::optional<FetchProblem> insecure = co_await std::move(securing);
  if (insecure) co_return *insecure;
  auto talking = converse(line, *line->secure, std::move(text), head, limits.answer_bytes);
  Answer answer = co_await std::move(talking);
  co_return answer;
}

Task<Answer> fetch_local(asio::any_io_executor executor, Stopwatch& stopwatch, std::string socket,
                         Outgoing request, FetchLimits limits) {
  const auto line = std::make_shared<LocalLine>(executor);
  const Deadline deadline{stopwatch, limit(stopwatch, limits, line)};
  if (socket.size() >= longest_socket) co_return FetchProblem{FetchProblem::Kind::Connect, "too long a path"};
  const asio::local::stream_protocol::endpoint there(socket);
  {
    const auto [error] = co_await line->socket.async_connect(there, tuple);
    if (error) co_return problem(*line, FetchProblem::Kind::Connect, error);
  }
  std::string text = render(request);
  auto talking = converse(line, line->socket, std::move(text), request.method == "HEAD", limits.answer_bytes);
  Answer answer = co_await std::move(talking);
  co_return answer;
}

Task<boost::system::result<unsigned, FetchProblem>> follow_local(
    asio::any_io_executor executor, std::string socket, Outgoing request,
    std::function<void(std::string_view)> piece) {
  LocalLine line(executor);
  if (socket.size() >= longest_socket) co_return FetchProblem{FetchProblem::Kind::Connect, "too long a path"};
  const asio::local::stream_protocol::endpoint there(socket);
  {
    const auto [error] = co_await line.socket.async_connect(there, tuple);
    if (error) co_return problem(line, FetchProblem::Kind::Connect, error).error();
  }
  const std::string text = render(request);
  const auto bytes = asio::buffer(text);
  {
    const auto [error, count] = co_await asio::async_write(line.socket, bytes, tuple);
    if (error) co_return problem(line, FetchProblem::Kind::Exchange, error).error();
  }
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::buffer_body> parser;
  parser.body_limit(boost::none);
  {
    const auto [error, count] = co_await beast::http::async_read_header(line.socket, buffer, parser, tuple);
    if (error) co_return problem(line, FetchProblem::Kind::Exchange, error).error();
  }
  std::vector<char> part(16 * 1024);
  while (!parser.is_done()) {
    parser.get().body().data = part.data();
    parser.get().body().size = part.size();
    parser.get().body().more = true;
    const auto [error, count] = co_await beast::http::async_read_some(line.socket, buffer, parser, tuple);
    const std::size_t produced = part.size() - parser.get().body().size;
    if (produced > 0) piece({part.data(), produced});
    if (error && error != beast::http::error::need_buffer)
      co_return problem(line, FetchProblem::Kind::Exchange, error).error();
  }
  co_return parser.get().result_int();
}

Outgoing request_to(const Url& url, std::string method, std::shared_ptr<Trust> trust) {
  return {.host = url.host,
          .port = url.port,
          .method = std::move(method),
          .target = url.target,
          .secure = url.secure,
          .trust = std::move(trust)};
}

void throw_exception_from_error(const FetchProblem& problem, const boost::source_location& where) {
  throw std::logic_error(
      fmt::format("unchecked answer at {}:{}: {}", where.file_name(), where.line(), problem.text));
}

}  // namespace aviary::http
