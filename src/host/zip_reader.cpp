#include "host/zip_reader.hpp"

#include <archive.h>
#include <archive_entry.h>

#include "host/utf8_names.hpp"

namespace aviary::host {

namespace {

std::string text(const char* as_is, const char* as_utf8) {
  if (as_is != nullptr) return as_is;
  return as_utf8 == nullptr ? "" : as_utf8;
}

ZipEntry::Kind kind_of(unsigned type) {
  switch (type) {
    case AE_IFREG:
      return ZipEntry::Kind::File;
    case AE_IFDIR:
      return ZipEntry::Kind::Folder;
    case AE_IFLNK:
      return ZipEntry::Kind::Link;
    default:
      return ZipEntry::Kind::Other;
  }
}

/// By the name of the format, such as "ZIP 2.0 (deflation)": libarchive tells the coding nowhere else.
bool is_plain_coding(std::string_view format) {
  return format.ends_with("(uncompressed)") || format.ends_with("(deflation)");
}

}  // namespace

ZipReader::ZipReader(std::string_view zip)
    : names_(std::make_unique<Utf8Names>()), archive_(archive_read_new()), open_(false) {
  // The seekable reader goes by the central directory, as unzip does; the streaming one would believe
  // whatever precedes it.
  archive_read_support_format_zip_seekable(archive_);
  open_ = archive_read_open_memory(archive_, zip.data(), zip.size()) == ARCHIVE_OK;
}

ZipReader::~ZipReader() { archive_read_free(archive_); }

ZipReader::Step ZipReader::next(ZipEntry& entry) {
  if (!open_) return Step::Broken;
  const int state = archive_read_next_header(archive_, &entry_);
  if (state == ARCHIVE_EOF) return Step::End;
  if (state != ARCHIVE_OK && state != ARCHIVE_WARN) return Step::Broken;
  read_ = 0;
  entry.kind = kind_of(archive_entry_filetype(entry_));
  entry.path = text(archive_entry_pathname(entry_), archive_entry_pathname_utf8(entry_));
  entry.permissions = archive_entry_perm(entry_) & 0777U;
  entry.declared_size.reset();
  if (entry.kind == ZipEntry::Kind::File && archive_entry_size_is_set(entry_) != 0)
    entry.declared_size = static_cast<std::uint64_t>(archive_entry_size(entry_));
  entry.link_target.clear();
  if (entry.kind == ZipEntry::Kind::Link)
    entry.link_target = text(archive_entry_symlink(entry_), archive_entry_symlink_utf8(entry_));
  entry.encrypted = archive_entry_is_encrypted(entry_) != 0;
  const char* format = archive_format_name(archive_);
  entry.plain_coding = format != nullptr && is_plain_coding(format);
  return Step::Ready;
}

ZipReader::Step ZipReader::read(std::string_view& piece) {
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int state = archive_read_data_block(archive_, &block, &size, &offset);
  const bool whole = archive_entry_size_is_set(entry_) == 0 ||
                     read_ == static_cast<std::uint64_t>(archive_entry_size(entry_));
  if (state == ARCHIVE_EOF) return whole ? Step::End : Step::Broken;
  // A warning here means a size that does not match.
  if (state != ARCHIVE_OK) return Step::Broken;
  piece = {static_cast<const char*>(block), size};
  read_ += size;
  return Step::Ready;
}

}  // namespace aviary::host
