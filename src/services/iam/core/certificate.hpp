#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"

/// X.509 certificates and their keys, as PEM.
namespace aviary::iam {

struct Certificate {
  Instant expires;
};

/// Why a certificate is none.
struct CertificateProblem {
  bool mismatch = false;  ///< all can be read, but the key is that of another certificate
  std::string text;
};

/// Reads a server's certificate, its key, which must not be encrypted, and the chain, if there is one.
std::variant<Certificate, CertificateProblem> read_certificate(std::string_view body, std::string_view key,
                                                               std::string_view chain);

}  // namespace aviary::iam
