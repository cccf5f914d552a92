#include "services/cloudformation/core/inline_code.hpp"

#include <cstdint>

#include "base/checksums.hpp"

namespace aviary::cloudformation {
namespace {

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

/// What a local header and a directory entry have in common: stored, 1980-01-01, sizes.
void append_facts(std::string& out, std::string_view name, std::string_view content) {
  append_number(out, 20, 2);
  append_number(out, 0x800, 2);  // the name is UTF-8
  append_number(out, 0, 2);
  append_number(out, 0, 2);
  append_number(out, 0x21, 2);
  const std::string sum = crc32(content);
  out.append(sum.rbegin(), sum.rend());
  append_number(out, content.size(), 4);
  append_number(out, content.size(), 4);
  append_number(out, name.size(), 2);
  append_number(out, 0, 2);
}

}  // namespace

std::string zip_of(std::string_view name, std::string_view content) {
  std::string out = "PK\x03\x04";
  append_facts(out, name, content);
  out += name;
  out += content;
  const std::size_t directory = out.size();
  out += "PK\x01\x02";
  append_number(out, 0x0314, 2);  // made by a Unix
  append_facts(out, name, content);
  append_number(out, 0, 6);
  append_number(out, 0100644U << 16, 4);
  append_number(out, 0, 4);
  out += name;
  const std::size_t size = out.size() - directory;
  out += "PK\x05\x06";
  append_number(out, 0, 4);
  append_number(out, 1, 2);
  append_number(out, 1, 2);
  append_number(out, size, 4);
  append_number(out, directory, 4);
  append_number(out, 0, 2);
  return out;
}

std::string_view inline_file_name(std::string_view runtime) {
  if (runtime.starts_with("python")) return "index.py";
  if (runtime.starts_with("nodejs")) return "index.js";
  if (runtime.starts_with("ruby")) return "index.rb";
  return {};
}

}  // namespace aviary::cloudformation
