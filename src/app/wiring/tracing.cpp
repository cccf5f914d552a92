#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {

void add_tracing(Parts& parts) {
  parts.tracer = std::make_unique<execution::Tracer>(
      *parts.runner, execution::Tracer::Surroundings{.clock = parts.clock,
                                                     .stopwatch = parts.stopwatch,
                                                     .ids = parts.trace_ids,
                                                     .sample_all = parts.options.trace_sampling == "all"});
  parts.tracer->add_sink(parts.traces);
  if (parts.options.otlp.empty()) return;
  parts.trace_export =
      std::make_unique<TraceExport>(parts.loop.get_executor(), parts.stopwatch, parts.options.otlp,
                                    http::parse_url(parts.options.otlp).value_or(http::Url{}), parts.trust);
  parts.tracer->add_sink(*parts.trace_export);
}

}  // namespace aviary::app
