#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aviary {

enum class DigestKind : std::uint8_t { Md5, Sha1, Sha256, Crc32, Crc32c, Crc64Nvme };

/// A digest of bytes that come in pieces.
class RunningDigest {
 public:
  explicit RunningDigest(DigestKind kind);
  ~RunningDigest();
  RunningDigest(RunningDigest&& other) noexcept;
  RunningDigest& operator=(RunningDigest&& other) noexcept;

  void add(std::string_view bytes);
  /// Raw, most significant byte first. Once, at the end.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aviary
