#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {
namespace {

lambda::LambdaOptions lambda_options(const EmulatorOptions& options) {
  lambda::LambdaOptions chosen;
  chosen.store.activation_delay = options.activation_delay;
  chosen.store.keep_omitted_routing = options.omitted_routing_config == "keep";
  chosen.store.router = lambda::parse_router_settings(options.routing).value_or(lambda::RouterSettings{});
  chosen.concurrency = static_cast<std::int64_t>(options.concurrency);
  return chosen;
}

}  // namespace

void add_lambda(Parts& parts) {
  parts.lambda = std::make_unique<lambda::LambdaService>(lambda::LambdaDependencies{
      .clock = parts.clock,
      .ids = parts.lambda_ids,
      .router = parts.routing,
      .journal = *parts.journal,
      .codes = *parts.codes,
      .runner = *parts.runner,
      .executor = parts.loop.get_executor(),
      .workers = parts.workers.get(),
      .options = lambda_options(parts.options),
  });
  parts.add(*parts.lambda);
  parts.lambda->mappings().set_weighted(parts.options.mapping_routing == "weighted");
  parts.delivery.add("lambda", [&lambda = *parts.lambda](Message message, const Delivery::Done& done) {
    const Result<std::string> accepted =
        lambda.accept_from_neighbour({.caller = {message.account, message.region},
                                      .function = std::move(message.target),
                                      .payload = std::move(message.body)});
    done(accepted ? std::nullopt : std::optional(accepted.error().message));
  });
}

}  // namespace aviary::app
