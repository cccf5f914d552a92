#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "host/zip_reader.hpp"
#include "ports/code_store.hpp"

namespace aviary::host {

/// The tree that a zip would unpack to, made from its headers alone: every path lies inside, nothing lies
/// beneath a file or a link, and no link leads out, not even by way of other links. Keys are clean relative
/// paths; folders that the zip only implies are there too. In key order a folder comes before what it holds.
struct ZipPlan {
  struct Item {
    ZipEntry::Kind kind = ZipEntry::Kind::Folder;
    std::string link_target{};
  };
  std::map<std::string, Item> items;
  std::uint64_t declared_bytes = 0;
};

/// Refuses what the headers alone give away, before a single byte is unpacked.
boost::system::result<ZipPlan, CodeProblem> plan_zip(std::string_view zip, const CodeLimits& limits);

/// The path as `a/b/c`; empty for the root itself. Nothing if it is absolute, has a `..` or a backslash, or a
/// name is longer than Linux takes.
std::optional<std::string> clean_zip_path(std::string_view path);

}  // namespace aviary::host
