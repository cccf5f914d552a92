#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::testing {

/// CRC-32 as zips use it.
inline std::uint32_t zip_crc(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

/// What one entry says of itself; members left alone are made right, so a test spoils just what it is about.
struct ZipMember {
  std::string name{};
  std::string content{};         ///< as stored; for method 8 already deflated
  std::uint32_t mode = 0100644;  ///< type and permissions, as stat(2) has them
  std::uint16_t method = 0;      ///< 0 stored, 8 deflated
  std::uint16_t flags = 0x0800;  ///< 0x0800: the name is UTF-8; 1: encrypted
  std::uint8_t made_on = 3;      ///< 3 Unix, 0 DOS (then the mode is not recorded)
  std::optional<std::uint32_t> crc{};
  std::optional<std::uint32_t> unpacked_size{};
};

/// Writes a zip byte by byte: no compression, no surprises, and every lie that a hostile zip may tell.
class ZipWriter {
 public:
  ZipWriter& add(ZipMember member) {
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    number(bytes_, 0x04034b50, 4);
    number(bytes_, 20, 2);
    common(bytes_, member);
    bytes_ += member.name + member.content;

    number(directory_, 0x02014b50, 4);
    number(directory_, member.made_on << 8 | 20, 2);
    number(directory_, 20, 2);
    common(directory_, member);
    number(directory_, 0, 2);  // comment
    number(directory_, 0, 2);  // disk
    number(directory_, 0, 2);  // internal attributes
    number(directory_, member.made_on == 3 ? member.mode << 16 : 0, 4);
    number(directory_, offset, 4);
    directory_ += member.name;
    ++members_;
    return *this;
  }
  ZipWriter& file(std::string name, std::string content, std::uint32_t permissions = 0644) {
    return add({.name = std::move(name), .content = std::move(content), .mode = 0100000 | permissions});
  }
  ZipWriter& folder(std::string name, std::uint32_t permissions = 0755) {
    return add({.name = std::move(name) + "/", .mode = 0040000 | permissions});
  }
  ZipWriter& link(std::string name, std::string target) {
    return add({.name = std::move(name), .content = std::move(target), .mode = 0120777});
  }

  std::string bytes() const {
    std::string zip = bytes_ + directory_;
    number(zip, 0x06054b50, 4);
    number(zip, 0, 4);  // disks
    number(zip, members_, 2);
    number(zip, members_, 2);
    number(zip, directory_.size(), 4);
    number(zip, bytes_.size(), 4);
    number(zip, 0, 2);
    return zip;
  }

 private:
  static void number(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  }
  /// The fields that local header and central directory share, from the flags to the length of the extra
  /// field.
  static void common(std::string& out, const ZipMember& member) {
    number(out, member.flags, 2);
    number(out, member.method, 2);
    number(out, 0x00210000, 4);  // midnight of 1980-01-01
    number(out, member.crc.value_or(zip_crc(member.content)), 4);
    number(out, member.content.size(), 4);
    number(out, member.unpacked_size.value_or(static_cast<std::uint32_t>(member.content.size())), 4);
    number(out, member.name.size(), 2);
    number(out, 0, 2);
  }

  std::string bytes_;
  std::string directory_;
  std::uint64_t members_ = 0;
};

}  // namespace aviary::testing
