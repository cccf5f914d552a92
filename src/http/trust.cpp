#include "http/trust.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>
#include <cstdlib>
#include <filesystem>

namespace aviary::http {
namespace {

namespace ssl = boost::asio::ssl;
using Error = boost::system::error_code;

/// Where systems keep their certificates that do not have them where Debian's OpenSSL looks. The binary is
/// self-contained, so it has to find them anywhere; the list is that of Go (crypto/x509/root_linux.go).
constexpr const char* bundles_of_systems[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

/// Empty when all is well, else what is wrong.
std::string load_file(ssl::context& context, const std::string& file, const char* named_by) {
  Error error;
  context.load_verify_file(file, error);
  if (!error) return {};
  return fmt::format("{} names {}, which holds no certificates that can be read: {}", named_by, file,
                     error.message());
}

std::string load_system(ssl::context& context) {
  const char* named = std::getenv(X509_get_default_cert_file_env());
  if (named != nullptr && *named != '\0') return load_file(context, named, X509_get_default_cert_file_env());
  Error error;
  context.set_default_verify_paths(error);
  std::error_code ignored;
  if (std::filesystem::exists(X509_get_default_cert_dir(), ignored) ||
      std::filesystem::exists(X509_get_default_cert_file(), ignored))
    return {};
  for (const char* bundle : bundles_of_systems) {
    if (!std::filesystem::exists(bundle, ignored)) continue;
    context.load_verify_file(bundle, error);
    if (!error) return {};
  }
  return {};  // nobody is believed, as the handshake will say
}

}  // namespace

Trust::Trust(std::string ca_bundle) : ca_bundle_(std::move(ca_bundle)) {}
Trust::~Trust() = default;

ssl::context* Trust::context(std::string& problem) {
  if (context_) return context_.get();
  auto made = std::make_unique<ssl::context>(ssl::context::tls_client);
  Error error;
  made->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                    error);
  made->set_verify_mode(ssl::verify_peer, error);
  problem = load_system(*made);
  if (problem.empty() && !ca_bundle_.empty()) problem = load_file(*made, ca_bundle_, "--ca-bundle");
  if (!problem.empty()) return nullptr;
  context_ = std::move(made);
  return context_.get();
}

}  // namespace aviary::http
