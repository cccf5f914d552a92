// Turns one distilled model and its overlay into static tables: `models/<id>.hpp` and `<id>.cpp`. Runs at
// build time.
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "tables.hpp"

namespace {

nlohmann::ordered_json read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return nlohmann::ordered_json::parse(file);
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: " << argv[0] << " MODEL.json OVERLAY.json|- OUT.hpp OUT.cpp\n";
    return 2;
  }
  try {
    nlohmann::ordered_json model = read(argv[1]);
    if (std::string_view(argv[2]) != "-") model.merge_patch(read(argv[2]));
    const aviary::models::Tables tables = aviary::models::generate(model);
    write(argv[3], tables.header);
    write(argv[4], tables.source);
  } catch (const std::exception& problem) {
    std::cerr << argv[1] << ": " << problem.what() << '\n';
    return 1;
  }
}
