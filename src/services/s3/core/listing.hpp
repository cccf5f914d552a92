#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core/bucket.hpp"

namespace aviary::s3 {

/// What a listing asks for.
struct Wanted {
  std::string prefix;
  std::string delimiter;
  std::string after;  ///< only what sorts behind this key or common prefix
  std::size_t limit = 1000;
};

/// One page: objects (delete markers are none) and common prefixes, in the order of keys.
struct Page {
  struct Entry {
    std::string_view key;
    const ObjectVersion* version = nullptr;
  };
  std::vector<Entry> entries;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string last;  ///< where the next page starts
};

Page list_page(const Bucket& bucket, const Wanted& wanted);

/// The prefix of `key` that ends with the first delimiter behind `prefix`; empty if there is none.
std::string_view common_prefix(std::string_view key, std::string_view prefix, std::string_view delimiter);

}  // namespace aviary::s3
