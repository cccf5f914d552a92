#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ZSTD_CCtx_s;

namespace aviary::host {

/// Compresses large values on their way to disk (zstd, level 1). What functions write repeats itself: a ninth
/// of it is left, and writing a byte, reading it again and clearing it away costs more than compressing it.
class ValuePacker {
 public:
  /// Nothing below this is compressed: it is in one page of the database anyway.
  static constexpr std::size_t smallest = 4096;

  /// The value compressed, valid until the next call. None where that is not worth it.
  std::optional<std::string_view> pack(std::string_view value);

  /// The value whose size was `size`. None: these are not the bytes that `pack` gave.
  static std::optional<std::string> unpack(std::string_view packed, std::size_t size);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;  ///< made when it is first needed
  std::unique_ptr<char[]> room_;
  std::size_t room_size_ = 0;
};

}  // namespace aviary::host
