#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

/// X-Ray's trace header, and which requests are traced. Pure, but for the sampler's memory.
namespace aviary::execution {

/// `Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=…`
struct TraceHeader {
  std::string root;
  std::string parent;           ///< 16 hex digits of the caller's segment; empty if none
  std::optional<bool> sampled;  ///< nothing: it is not decided
  std::string rest;             ///< other fields, in their order, with semicolons between them

  static TraceHeader parse(std::string_view text);
  std::string text() const;
};

/// `1-<8 hex digits of the second>-<24 hex digits>`
bool good_root(std::string_view root);
/// 16 hex digits.
bool good_segment_id(std::string_view id);

/// Of each function the first request of a second, and 5 % of the others (developer guide, "Visualize Lambda
/// function invocations using AWS X-Ray"). `chance` is uniform in [0, 1).
class TraceSampler {
 public:
  bool sample(const std::string& function, Instant now, double chance);

 private:
  std::map<std::string, std::int64_t> seconds_;  ///< in which each had its first request
};

}  // namespace aviary::execution
