#include "host/value_packer.hpp"

#include <zstd.h>

namespace aviary::host {
namespace {

constexpr int quickest_level = 1;

}  // namespace

void ValuePacker::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

std::optional<std::string_view> ValuePacker::pack(std::string_view value) {
  if (value.size() < smallest) return std::nullopt;
  if (!context_) context_.reset(ZSTD_createCCtx());
  if (!context_) return std::nullopt;
  const std::size_t needed = ZSTD_compressBound(value.size());
  if (room_size_ < needed) {
    room_ = std::make_unique_for_overwrite<char[]>(needed);
    room_size_ = needed;
  }
  const std::size_t size =
      ZSTD_compressCCtx(context_.get(), room_.get(), room_size_, value.data(), value.size(), quickest_level);
  if (ZSTD_isError(size) != 0 || size > value.size() - value.size() / 8) return std::nullopt;
  return std::string_view(room_.get(), size);
}

std::optional<std::string> ValuePacker::unpack(std::string_view packed, std::size_t size) {
  // The frame says its size too: nothing is made room for on the word of one number alone.
  if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != size) return std::nullopt;
  std::string value(size, '\0');
  if (ZSTD_decompress(value.data(), size, packed.data(), packed.size()) != size) return std::nullopt;
  return value;
}

}  // namespace aviary::host
