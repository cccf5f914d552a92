#include "base/self_signed.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace aviary {
namespace {

template <auto free_it>
struct Freeing {
  template <class T>
  void operator()(T* held) const {
    free_it(held);
  }
};
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freeing<BIO_free_all>>;

constexpr unsigned key_bits = 2048;

std::string text_in(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

bool set_serial(X509* certificate) {
  unsigned char bytes[8];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8U | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1U | 1U) == 1;
}

}  // namespace

std::optional<SelfSigned> self_signed(const std::string& common_name, Instant from, Instant until) {
  const Key key(EVP_RSA_gen(key_bits));
  const Certificate certificate(X509_new());
  if (!key || !certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_serial(certificate.get()))
    return std::nullopt;
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  const bool filled = ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                                    static_cast<std::time_t>(whole_epoch_seconds(from))) != nullptr &&
                      ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                                    static_cast<std::time_t>(whole_epoch_seconds(until))) != nullptr &&
                      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
                      X509_set_issuer_name(certificate.get(), name) == 1 &&
                      X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                      X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  if (!filled) return std::nullopt;
  const Memory public_text(BIO_new(BIO_s_mem()));
  const Memory key_text(BIO_new(BIO_s_mem()));
  if (!public_text || !key_text || PEM_write_bio_X509(public_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return std::nullopt;
  return SelfSigned{text_in(public_text.get()), text_in(key_text.get())};
}

}  // namespace aviary
