#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "models/model.hpp"

namespace aviary::wire {

/// The URIs of one REST service as a tree of path segments. Immutable once built; matching allocates nothing.
///
/// Rank: a literal segment beats a label, a label beats a greedy label; of operations that share method and
/// path, the one with more required query parameters, all present, wins (`?List=ALL`).
class Router {
 public:
  static constexpr std::size_t max_labels = 8;

  struct Found {
    const models::Operation* operation = nullptr;  ///< null: none fits
    /// Names and values, the values as sent: still percent-encoded.
    std::array<std::pair<std::string_view, std::string_view>, max_labels> labels{};
    std::size_t label_count = 0;
    bool starts_literally = false;  ///< the first segment was a literal, so the path speaks of this service
  };

  explicit Router(const models::Service& service);
  ~Router();

  /// `path` and `query` as sent. One trailing slash is ignored, as clients that old SDKs generated send it.
  Found find(std::string_view method, std::string_view path, std::string_view query) const;

  /// The router of a model's tables, built on first use. One a thread, so that nothing is shared between
  /// threads; it lives as long as its thread.
  static const Router& of(const models::Service& service);

 private:
  struct Node;
  struct Search;
  std::unique_ptr<Node> root_;
};

}  // namespace aviary::wire
