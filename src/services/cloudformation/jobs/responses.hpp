#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/random.hpp"

namespace aviary::cloudformation {

/// Addresses at which functions and hosts report how it went, and what has come in there. Lives on the loop's
/// thread; whoever waits there is woken by whoever takes them in.
class Responses {
 public:
  /// `base`: the URL below which they are, with a slash at its end.
  Responses(Random& ids, std::string base) : ids_(ids), base_(std::move(base)) {}

  /// A new address.
  std::string open() {
    const std::string token = ids_.hex(40);
    received_[token];
    return base_ + token;
  }
  /// One that was handed out before the server was started anew.
  void reopen(std::string_view url) { received_[token_of(url)]; }
  /// False: nobody waits there.
  bool receive(std::string_view token, std::string body) {
    const auto found = received_.find(token);
    if (found == received_.end()) return false;
    if (found->second.size() < most_kept) found->second.push_back(std::move(body));
    return true;
  }
  /// Everything so far, oldest first.
  const std::vector<std::string>& received(std::string_view url) { return received_[token_of(url)]; }
  /// What an address is told apart by.
  static std::string token_of(std::string_view url) { return std::string(url.substr(url.rfind('/') + 1)); }
  void close(std::string_view url) { received_.erase(token_of(url)); }
  void clear() { received_.clear(); }

 private:
  static constexpr std::size_t most_kept = 1000;

  Random& ids_;
  std::string base_;
  std::map<std::string, std::vector<std::string>, std::less<>> received_;  ///< by token
};

}  // namespace aviary::cloudformation
