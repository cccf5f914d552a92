#pragma once

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace aviary::http {

/// Whose certificates count when we are the client: those of the system's store, or of the file that
/// SSL_CERT_FILE names in its place, and those of a bundle of one's own. Read when first needed: who never
/// speaks TLS does not pay for it. Lives on the loop's thread; outlives the connections that were made with
/// it.
class Trust {
 public:
  /// `ca_bundle`: a file of PEM certificates; empty: none.
  explicit Trust(std::string ca_bundle = {});
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  /// What connections are made with. Null: the certificates cannot be read, and `problem` says why; it is
  /// tried anew with the next call.
  boost::asio::ssl::context* context(std::string& problem);

 private:
  std::string ca_bundle_;
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace aviary::http
