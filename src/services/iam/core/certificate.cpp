#include "services/iam/core/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace aviary::iam {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using X509Ptr = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

Bio reader(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// No passphrase, and none is asked for at a terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

X509Ptr next_certificate(BIO* bio) {
  return X509Ptr(PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr));
}

bool is_chain(std::string_view text) {
  const Bio bio = reader(text);
  int count = 0;
  while (next_certificate(bio.get())) ++count;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return count > 0 && at_end;
}

Instant expiry_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
  const std::chrono::year_month_day date{std::chrono::year(parts.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                         std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

CertificateProblem unreadable(std::string text) {
  ERR_clear_error();
  return {.mismatch = false, .text = std::move(text)};
}

}  // namespace

std::variant<Certificate, CertificateProblem> read_certificate(std::string_view body, std::string_view key,
                                                               std::string_view chain) {
  const Bio body_bio = reader(body);
  const X509Ptr certificate = next_certificate(body_bio.get());
  if (!certificate)
    return unreadable("Unable to parse certificate. Please ensure the certificate is in PEM format.");
  if (key.find("ENCRYPTED") != std::string_view::npos)
    return unreadable("Unable to parse key; the body is encrypted.");
  const Bio key_bio = reader(key);
  const Key private_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!private_key) return unreadable("Unable to parse key. Please ensure the key is in PEM format.");
  if (!chain.empty() && !is_chain(chain))
    return unreadable("Unable to parse certificate chain. Please ensure the chain is in PEM format.");
  const bool matches = X509_check_private_key(certificate.get(), private_key.get()) == 1;
  ERR_clear_error();
  if (!matches)
    return CertificateProblem{.mismatch = true, .text = "The private key does not match the certificate."};
  return Certificate{.expires = expiry_of(certificate.get())};
}

}  // namespace aviary::iam
