#include "base/checksums.hpp"

#include "base/running_digest.hpp"

namespace aviary {
namespace {

std::string digest_of(DigestKind kind, std::string_view bytes) {
  RunningDigest digest(kind);
  digest.add(bytes);
  return digest.finish();
}

}  // namespace

std::string sha1(std::string_view bytes) { return digest_of(DigestKind::Sha1, bytes); }
std::string crc32(std::string_view bytes) { return digest_of(DigestKind::Crc32, bytes); }
std::string crc32c(std::string_view bytes) { return digest_of(DigestKind::Crc32c, bytes); }
std::string crc64nvme(std::string_view bytes) { return digest_of(DigestKind::Crc64Nvme, bytes); }

}  // namespace aviary
