#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "rehearsal/refusal.hpp"

namespace aviary::rehearsal {

/// An event and what one version made of it.
struct Performance {
  std::string request_id{};
  std::string version{};
  std::string event{};
  std::string payload{};
  std::string function_error{};
  std::chrono::nanoseconds duration{};
};

/// Answers and durations of two versions side by side. Two answers are the same if they are the same JSON,
/// key order and whatever `ignore` points at aside; two errors, if they are of the same type and message.
/// Bounded: of the durations the latest count, and of the differences the first are kept.
class Comparison {
 public:
  /// `ignore`: JSON pointers (RFC 6901) into answers, as `/timestamp`.
  static Checked<Comparison> with(const Json& ignore);

  void add(const Performance& before, const Performance& after);
  /// It could not be run at all.
  void add_refused(const Performance& before, std::string problem);
  /// `{"compared", "same", "different", "refused", "errors": {"before", "after"}, "duration_ms": {"before":
  /// {"p50",
  ///    "p90", "p99", "mean"}, "after": …}, "differences": [{"request_id", "event", "before", "after",
  ///    "changes"}]}`: `changes` is a JSON patch (RFC 6902).
  Json report() const;

 private:
  Json stripped(const Performance& performance) const;

  std::vector<Json::json_pointer> ignore_;
  std::uint64_t compared_ = 0;
  std::uint64_t same_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t errors_before_ = 0;
  std::uint64_t errors_after_ = 0;
  std::deque<double> before_ms_;
  std::deque<double> after_ms_;
  std::vector<Json> differences_;
  std::size_t differences_bytes_ = 0;
};

}  // namespace aviary::rehearsal
