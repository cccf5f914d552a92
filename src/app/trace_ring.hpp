#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "base/json.hpp"
#include "execution/tracer.hpp"

namespace aviary::app {

/// The latest traces of functions, for `/_aviary/traces`. Lives on the loop.
class TraceRing final : public execution::TraceSink {
 public:
  static constexpr std::size_t most = 1000;

  void on_trace(execution::Trace trace) override;
  void clear();

  struct Query {
    std::string_view function{};  ///< a name; empty: any
    std::string_view trace_id{};  ///< empty: any
    std::size_t limit = 100;
  };
  /// `{"traces": [{"Id", "Duration", "Segments": [{"Id", "Document"}]}], "kept", "forgotten"}`, the latest
  /// first; as X-Ray's BatchGetTraces has them, but with documents that need not be parsed once more.
  Json report(const Query& query) const;

 private:
  std::deque<execution::Trace> traces_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace aviary::app
