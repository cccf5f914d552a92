#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>

#include "http/client.hpp"
#include "support/temporary_folder.hpp"
#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

template <class T>
std::string pem_of(int (*write)(BIO*, T*), T* what) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory, what);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

/// A certificate that vouches for itself, and its key, as PEM.
struct SelfMade {
  explicit SelfMade(const char* names, long from = -60, long until = 3600) {
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
    X509_gmtime_adj(X509_getm_notBefore(made), from);
    X509_gmtime_adj(X509_getm_notAfter(made), until);
    X509_set_pubkey(made, pair);
    X509_NAME* name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("Test"), -1,
                               -1, 0);
    X509_set_issuer_name(made, name);
    for (const auto& [id, value] : {std::pair<int, const char*>{NID_subject_alt_name, names},
                                    std::pair<int, const char*>{NID_basic_constraints, "CA:TRUE"}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
      X509_add_ext(made, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(made, pair, EVP_sha256());
    certificate = pem_of<const X509>(PEM_write_bio_X509, made);
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, pair, nullptr, nullptr, 0, nullptr, nullptr);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    key.assign(bytes, static_cast<std::size_t>(size));
    BIO_free(memory);
    X509_free(made);
    EVP_PKEY_free(pair);
  }
  std::string certificate, key;
};

/// A server that speaks TLS, and answers every request with what it was sent, and what name it was asked by.
class SecureServer {
 public:
  SecureServer(asio::io_context& loop, const SelfMade& identity)
      : context_(asio::ssl::context::tls_server), acceptor_(loop, {asio::ip::address_v4::loopback(), 0}) {
    context_.use_certificate_chain(asio::buffer(identity.certificate));
    context_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    asio::co_spawn(loop, serve(*this), [](const std::exception_ptr&) {});
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void close() { acceptor_.close(); }
  int requests = 0;

 private:
  static Task<> serve(SecureServer& self) {
    for (;;) {
      auto [failed, socket] = co_await self.acceptor_.async_accept(as_values);
      if (failed) co_return;
      asio::ssl::stream<tcp::socket> stream(std::move(socket), self.context_);
      const auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_values);
      if (refused) continue;
      std::string head;
      auto buffer = asio::dynamic_buffer(head);
      const auto [unread, count] = co_await asio::async_read_until(stream, buffer, "\r\n\r\n", as_values);
      if (unread) continue;
      ++self.requests;
      const char* asked = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      const std::string body = head.substr(0, head.find('\r')) + " by " + (asked != nullptr ? asked : "none");
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      const auto bytes = asio::buffer(answer);
      co_await asio::async_write(stream, bytes, as_values);
    }
  }

  asio::ssl::context context_;
  tcp::acceptor acceptor_;
};

using Answer = boost::system::result<wire::Response, FetchProblem>;

class SecureClient : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv("SSL_CERT_FILE"); }

  std::string bundle_of(const SelfMade& identity, const std::string& name = "bundle.pem") {
    const std::string file = (folder_.path() / name).string();
    std::ofstream(file) << identity.certificate;
    return file;
  }

  Answer fetch_from(const SelfMade& identity, const std::string& host, const std::shared_ptr<Trust>& trust) {
    SecureServer server(loop_.io, identity);
    const auto url = parse_url("https://" + host + ":" + std::to_string(server.port()) + "/a?b=c");
    Answer answer = run(request_to(*url, "GET", trust));
    requests_ += server.requests;
    server.close();
    loop_.settle();
    return answer;
  }

  Answer run(Outgoing request) {
    std::optional<Answer> answer;
    asio::co_spawn(loop_.io, fetch(loop_.io.get_executor(), loop_.stopwatch, std::move(request)),
                   [&answer](const std::exception_ptr&, Answer got) { answer = std::move(got); });
    EXPECT_TRUE(loop_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  testing::TemporaryFolder folder_;
  Loopback loop_{[](wire::Request) -> Task<wire::Response> { co_return wire::Response{}; }};
  int requests_ = 0;
};

TEST_F(SecureClient, FetchesFromWhomTheBundleVouchesFor) {
  const SelfMade identity("DNS:localhost,IP:127.0.0.1");
  const auto trust = std::make_shared<Trust>(bundle_of(identity));
  const Answer by_name = fetch_from(identity, "localhost", trust);
  ASSERT_TRUE(by_name.has_value()) << by_name.error().text;
  EXPECT_EQ(by_name->body, "GET /a?b=c HTTP/1.1 by localhost");
  const Answer by_address = fetch_from(identity, "127.0.0.1", trust);
  ASSERT_TRUE(by_address.has_value()) << by_address.error().text;
  EXPECT_EQ(by_address->body, "GET /a?b=c HTTP/1.1 by none");
}

TEST_F(SecureClient, RespectsTheVariableOfTheSystem) {
  const SelfMade identity("DNS:localhost");
  setenv("SSL_CERT_FILE", bundle_of(identity).c_str(), 1);
  EXPECT_TRUE(fetch_from(identity, "localhost", nullptr).has_value());
  setenv("SSL_CERT_FILE", "/nowhere/at/all.pem", 1);
  const Answer answer = fetch_from(identity, "localhost", nullptr);
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().text, HasSubstr("SSL_CERT_FILE names /nowhere/at/all.pem"));
}

TEST_F(SecureClient, TellsNothingToWhomItDoesNotTrust) {
  const SelfMade identity("DNS:localhost");
  const Answer answer = fetch_from(identity, "localhost", nullptr);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FetchProblem::Kind::Secure);
  EXPECT_THAT(answer.error().text, HasSubstr("the certificate of localhost is not trusted"));
  EXPECT_THAT(answer.error().text, HasSubstr("--ca-bundle"));
  EXPECT_EQ(requests_, 0);
}

TEST_F(SecureClient, HoldsTheNameAgainstTheCertificate) {
  const SelfMade identity("DNS:elsewhere.example");
  const auto trust = std::make_shared<Trust>(bundle_of(identity));
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const Answer answer = fetch_from(identity, host, trust);
    ASSERT_FALSE(answer.has_value()) << host;
    EXPECT_THAT(answer.error().text, HasSubstr("mismatch"));
    EXPECT_THAT(answer.error().text, Not(HasSubstr("--ca-bundle")));
  }
  EXPECT_EQ(requests_, 0);
}

TEST_F(SecureClient, RefusesWhatHasExpired) {
  const SelfMade identity("DNS:localhost", -7200, -3600);
  const Answer answer = fetch_from(identity, "localhost", std::make_shared<Trust>(bundle_of(identity)));
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().text, HasSubstr("certificate has expired"));
}

TEST_F(SecureClient, SaysWhatIsWrongWithABundle) {
  const std::string file = (folder_.path() / "empty.pem").string();
  std::ofstream(file) << "nothing";
  const SelfMade identity("DNS:localhost");
  const Answer answer = fetch_from(identity, "localhost", std::make_shared<Trust>(file));
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().text, HasSubstr("--ca-bundle names " + file));
}

TEST_F(SecureClient, SaysWhenAServerSpeaksNoTls) {
  const Answer answer = run(request_to(*parse_url("https://127.0.0.1:" + std::to_string(loop_.port)), "GET"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FetchProblem::Kind::Secure);
  EXPECT_THAT(answer.error().text, HasSubstr("no TLS with 127.0.0.1"));
}

TEST_F(SecureClient, GivesUpOnASilentServerInTime) {
  tcp::acceptor silent(loop_.io, {asio::ip::address_v4::loopback(), 0});
  std::optional<Answer> answer;
  Outgoing request =
      request_to(*parse_url("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port())), "GET");
  const FetchLimits limits{.timeout = 5s};
  asio::co_spawn(loop_.io, fetch(loop_.io.get_executor(), loop_.stopwatch, std::move(request), limits),
                 [&answer](const std::exception_ptr&, Answer got) { answer = std::move(got); });
  loop_.settle();
  EXPECT_FALSE(answer.has_value());
  loop_.stopwatch.advance(5s);
  ASSERT_TRUE(loop_.run_until([&] { return answer.has_value(); }));
  ASSERT_FALSE(answer->has_value());
  EXPECT_EQ(answer->error().kind, FetchProblem::Kind::Timeout);
}

TEST(Url, IsReadInParts) {
  const auto whole = parse_url("HTTPS://api.example:8443/a/b?c=d#e");
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->secure);
  EXPECT_EQ(whole->host, "api.example");
  EXPECT_EQ(whole->port, 8443);
  EXPECT_EQ(whole->target, "/a/b?c=d");
  EXPECT_EQ(host_header(*whole), "api.example:8443");
  const auto bare = parse_url("https://api.example?x");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->port, 443);
  EXPECT_EQ(bare->target, "/?x");
  EXPECT_EQ(host_header(*bare), "api.example");
  const auto six = parse_url("http://[::1]/");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 80);
  EXPECT_EQ(host_header(*six), "[::1]");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"", "http://", "https:///x", "ftp://a", "http://a:0", "http://a:65536", "http://a:x", "http://a b/",
        "http://a/\r\nX: y", "http://user:word@host/", "//host"})
    EXPECT_FALSE(parse_url(text)) << text;
}

}  // namespace
}  // namespace aviary::http
