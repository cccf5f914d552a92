#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace aviary::app {

/// What a template names of the developer's own folder, as `aws cloudformation package` and `sam package`
/// would put it into a bucket.
struct Artifact {
  std::string key;  ///< by its content
  std::string bytes;
};

struct Package {
  Json document = Json::object();  ///< the template, with places in the bucket instead of folders
  std::vector<Artifact> artifacts;
  std::set<std::filesystem::path> sources;  ///< whose change makes it another: templates, files, folders
  std::string problem;                      ///< why it cannot be done; empty if it was
};

/// Folders with their dependencies installed, as they were when that was done: doing it takes its time.
struct Built {
  std::uint64_t stamp = 0;
  std::string bytes;  ///< the zip
};
using BuiltFolders = std::map<std::filesystem::path, Built>;

/// The bucket that artifacts go to.
inline constexpr const char* artifact_bucket = "aviary-artifacts";

/// Reads a template and packs what it names: folders and files of code, definitions, nested templates.
/// `built` null: code is taken as it lies there; else what `requirements.txt` and `package.json` ask for is
/// installed into a copy of the folder. Blocking.
Package package_template(const std::filesystem::path& file, BuiltFolders* built = nullptr);

/// A number that is another one when one of the sources has changed. Blocking.
std::uint64_t stamp_of_sources(const std::set<std::filesystem::path>& sources);

}  // namespace aviary::app
