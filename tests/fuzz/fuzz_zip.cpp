// Hostile code packages. An input is either the zip itself, or (first byte odd) the recipe for one that is
// well-formed on the outside, so that the fuzzer reaches paths and links without having to find checksums by
// chance.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "host/zip_package.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip_writer.hpp"

namespace {

using namespace aviary;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take(std::string_view& recipe, std::size_t size) {
  const auto taken = recipe.substr(0, size);
  recipe.remove_prefix(taken.size());
  return taken;
}

std::string cook(std::string_view recipe) {
  testing::ZipWriter zip;
  while (recipe.size() > 4) {
    const auto head = take(recipe, 4);
    const auto kind = static_cast<unsigned char>(head[0]);
    testing::ZipMember member;
    member.name = take(recipe, static_cast<unsigned char>(head[1]) % 24);
    member.content = take(recipe, static_cast<unsigned char>(head[2]) % 24);
    const std::uint32_t types[] = {0100000, 0120000, 0040000, 0120000, 0010000, 0020000, 0, 0100000};
    member.mode = types[kind % 8] | (static_cast<unsigned char>(head[3]) & 0777);
    member.made_on = (kind & 8) != 0 ? 0 : 3;
    member.flags = (kind & 16) != 0 ? 0 : 0x0800;
    zip.add(member);
  }
  return zip.bytes();
}

/// What was accepted lies inside, links and all.
void require_inside(const std::filesystem::path& root) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    std::error_code problem;
    const auto real = std::filesystem::weakly_canonical(entry.path(), problem);
    if (!problem) require(real == root || real.native().starts_with(root.native() + "/"));
    if (!entry.is_symlink()) require(entry.is_directory() || entry.is_regular_file());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const bool recipe = (input.front() & 1) != 0;
  input.remove_prefix(1);
  const std::string zip = recipe ? cook(input) : std::string(input);
  constexpr CodeLimits limits{.unzipped_bytes = 1 << 20, .entries = 1000};
  const auto checked = host::check_zip(zip, limits);
  if (!checked) return 0;
  require(*checked <= limits.unzipped_bytes);

  const testing::TemporaryFolder folder;
  const auto root = std::filesystem::canonical(folder.path()) / "package";
  std::filesystem::create_directory(root);
  const auto unpacked = host::unpack_zip(zip, root, limits);
  require(unpacked.has_value() && *unpacked == *checked);
  require_inside(root);
  return 0;
}
