#include "base/md5.hpp"

#include <openssl/evp.h>

namespace aviary {

std::string md5(std::string_view bytes) {
  std::string digest(16, '\0');
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_md5(),
             nullptr);
  return digest;
}

}  // namespace aviary
