#include "services/cloudwatch/core/png.hpp"

#include <zlib.h>

#include <new>

// https://www.w3.org/TR/png-3/
namespace aviary::cloudwatch {
namespace {

void put_word(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void put_chunk(std::string& out, const char* type, const std::string& data) {
  put_word(out, static_cast<std::uint32_t>(data.size()));
  const std::string body = type + data;
  out += body;
  put_word(out, static_cast<std::uint32_t>(
                    crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

}  // namespace

std::string to_png(const Picture& picture) {
  const auto width = static_cast<std::size_t>(picture.width) * 3;
  std::string lines;
  lines.reserve((width + 1) * static_cast<std::size_t>(picture.height));
  for (int y = 0; y < picture.height; ++y) {
    lines += '\0';  // no filter
    lines.append(reinterpret_cast<const char*>(picture.dots.data()) + static_cast<std::size_t>(y) * width,
                 width);
  }
  uLongf size = compressBound(lines.size());
  std::string packed(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(lines.data()),
               lines.size()) != Z_OK)
    throw std::bad_alloc();
  packed.resize(size);

  std::string head;
  put_word(head, static_cast<std::uint32_t>(picture.width));
  put_word(head, static_cast<std::uint32_t>(picture.height));
  head += {8, 2, 0, 0, 0};  // eight bits a colour, no palette
  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", head);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", {});
  return out;
}

}  // namespace aviary::cloudwatch
