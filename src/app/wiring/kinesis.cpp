#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {

void add_kinesis(Parts& parts) {
  const bool limited = parts.options.stream_throughput == "limited";
  // Seconds that do not pass would never give a shard room again.
  std::function<bool()> limits = [limited, &clock = parts.clock] {
    return limited && clock.mode() != host::ClockMode::Manual;
  };
  parts.kinesis = std::make_unique<kinesis::KinesisService>(
      kinesis::KinesisDependencies{.clock = parts.clock,
                                   .ids = parts.kinesis_ids,
                                   .journal = *parts.journal,
                                   .transition = parts.options.activation_delay,
                                   .limits_throughput = std::move(limits)});
  parts.add(*parts.kinesis);
  parts.mapped_streams = std::make_unique<MappedStreams>(*parts.kinesis);
  parts.lambda->mappings().engine().attach(parts.mapped_streams.get());
}

}  // namespace aviary::app
