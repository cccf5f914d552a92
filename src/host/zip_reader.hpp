#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct archive;
struct archive_entry;

namespace aviary::host {

class Utf8Names;

/// One entry of a zip as its headers describe it: nothing of it can be trusted yet.
struct ZipEntry {
  enum class Kind : std::uint8_t { File, Folder, Link, Other };
  Kind kind = Kind::Other;
  std::string path;                            ///< bytes as they stand in the archive, UTF-8 where it says so
  unsigned permissions = 0;                    ///< the nine bits; 0 when the zip records none
  std::optional<std::uint64_t> declared_size;  ///< unpacked bytes, as claimed
  std::string link_target;
  bool encrypted = false;
  /// Stored or deflated, as every tool that makes packages writes them. The other codings let a few bytes
  /// claim gigabytes of working memory before the first byte is unpacked.
  bool plain_coding = false;
};

/// Reads a zip that lies in memory, entry by entry, by its central directory. For one thread; the bytes must
/// outlive the reader.
class ZipReader {
 public:
  explicit ZipReader(std::string_view zip);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  enum class Step : std::uint8_t { Ready, End, Broken };
  /// The next entry; what is left of the one before is skipped without being unpacked.
  Step next(ZipEntry& entry);
  /// The next piece of the current file's content. `End` only after size and checksum proved right.
  Step read(std::string_view& piece);

 private:
  std::unique_ptr<Utf8Names> names_;
  archive* archive_;
  archive_entry* entry_ = nullptr;
  bool open_;
  std::uint64_t read_ = 0;  ///< bytes of the current entry so far
};

}  // namespace aviary::host
