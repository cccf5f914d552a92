#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "execution/trace_header.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::execution {

/// The segments of one invocation, as X-Ray's segment documents: what Lambda as a service did
/// (`AWS::Lambda`), and what the function did (`AWS::Lambda::Function`, with its subsegments; null if it did
/// not run).
struct Trace {
  std::string trace_id;
  lambda::Scope scope;
  std::string function_name;
  std::string version;
  Json service;
  Json function;
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  /// Called on the loop; must not block and must not come back into the tracer.
  virtual void on_trace(Trace trace) = 0;
};

/// Stands in front of who runs functions and traces those whose TracingConfig is Active: decides what is
/// sampled where the caller has not, gives the function a header under which its own segments hang, and makes
/// the segments that Lambda makes. Functions with PassThrough get the caller's header.
///
/// Lives on the loop. Sinks outlive it.
class Tracer final : public lambda::ForwardingRunner {
 public:
  struct Surroundings {
    Clock& clock;
    Stopwatch& stopwatch;
    Random& ids;
    bool sample_all = false;  ///< not only what AWS samples
  };
  Tracer(lambda::FunctionRunner& inner, Surroundings around) : ForwardingRunner(inner), around_(around) {}
  /// Forgets what was sampled when.
  void reset() { sampler_ = {}; }
  void add_sink(TraceSink& sink) { sinks_.push_back(&sink); }

  Task<Result<lambda::Outcome>> run(lambda::Invocation invocation) override;

 private:
  Task<Result<lambda::Outcome>> run_traced(lambda::Invocation invocation, TraceHeader header);
  bool sampled(const lambda::Invocation& invocation, const TraceHeader& header);

  Surroundings around_;
  TraceSampler sampler_;
  std::vector<TraceSink*> sinks_;
};

}  // namespace aviary::execution
