#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/verbs.hpp"
#include "runtimes/files.hpp"

namespace aviary::app {

int write_clients(const std::string& folder) {
  for (const runtimes::File& file : runtimes::files()) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.path;
    std::error_code problem;
    std::filesystem::create_directories(path.parent_path(), problem);
    std::ofstream out(path, std::ios::binary);
    out << file.content;
    out.close();
    if (!out) {
      fmt::print(stderr, "aviary: {} cannot be written\n", path.string());
      return 2;
    }
    if (file.executable) std::filesystem::permissions(path, std::filesystem::perms(0755), problem);
  }
  return 0;
}

}  // namespace aviary::app
