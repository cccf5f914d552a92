#include "base/checksums.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/running_digest.hpp"

namespace aviary {
namespace {

// The check values of the catalogue of CRCs, and RFC 3174's kind of test.
TEST(Checksums, KnownValues) {
  EXPECT_EQ(hex_encode(crc32("123456789")), "cbf43926");
  EXPECT_EQ(hex_encode(crc32c("123456789")), "e3069283");
  EXPECT_EQ(hex_encode(crc64nvme("123456789")), "ae8b14860a799888");
  EXPECT_EQ(hex_encode(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex_encode(crc32("")), "00000000");
}

TEST(Checksums, InPiecesAsInOne) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 31);
  for (const DigestKind kind : {DigestKind::Md5, DigestKind::Sha1, DigestKind::Sha256, DigestKind::Crc32,
                                DigestKind::Crc32c, DigestKind::Crc64Nvme}) {
    RunningDigest whole(kind);
    whole.add(bytes);
    const std::string expected = whole.finish();
    for (const std::size_t size : {1U, 7U, 8U, 9U, 333U}) {
      RunningDigest pieces(kind);
      for (std::size_t at = 0; at < bytes.size(); at += size)
        pieces.add(std::string_view(bytes).substr(at, size));
      EXPECT_EQ(pieces.finish(), expected) << static_cast<int>(kind) << ' ' << size;
    }
  }
}

}  // namespace
}  // namespace aviary
