#include "services/logs/core/transformer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/document.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/key_path.hpp"
#include "services/logs/core/transformer_steps.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_processors = 20;
constexpr std::size_t most_parsers = 5;

const ProcessorKind* find_kind(std::string_view name) {
  for (const auto& table : {parser_kinds(), mutator_kinds(), converter_kinds()}) {
    const auto found = std::ranges::find(table, name, &ProcessorKind::name);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Create.html
Result<> check_order(const std::vector<Transformer::Step>& steps) {
  if (steps.empty() || !steps.front().kind->is_parser)
    return invalid_parameter("The first processor of a transformer must be a parser.");
  const auto parsers =
      std::ranges::count_if(steps, [](const Transformer::Step& step) { return step.kind->is_parser; });
  if (steps.size() > most_processors || static_cast<std::size_t>(parsers) > most_parsers)
    return invalid_parameter("A transformer can have at most 20 processors, 5 of which are parsers.");
  for (const Transformer::Step& step : steps) {
    const auto same =
        std::ranges::count_if(steps, [&](const Transformer::Step& each) { return each.kind == step.kind; });
    if (static_cast<std::size_t>(same) > step.kind->at_most)
      return invalid_parameter(fmt::format("A transformer can have only one {} processor.", step.kind->name));
  }
  return {};
}

}  // namespace

Result<Transformer> Transformer::parse(const Json& config) {
  std::vector<Step> steps;
  for (const Json& processor : config) {
    if (!processor.is_object() || processor.size() != 1)
      return invalid_parameter("Each processor of a transformer must be exactly one.");
    const auto& [name, settings] = *processor.items().begin();
    const ProcessorKind* kind = find_kind(name);
    if (kind == nullptr)
      return invalid_parameter(fmt::format("The processor {} is not part of Aviary yet.", name));
    Step step{.kind = kind, .settings = settings};
    if (kind->prepare != nullptr)
      if (const Result<> fits = kind->prepare(step); !fits) return fits.error();
    steps.push_back(std::move(step));
  }
  if (const Result<> fits = check_order(steps); !fits) return fits.error();
  Transformer transformer;
  transformer.steps_ = std::make_shared<const std::vector<Step>>(std::move(steps));
  return transformer;
}

std::optional<std::string> Transformer::transform(const EventOrigin& origin) const {
  TransformedEvent event{.origin = origin};
  for (const Step& step : *steps_)
    if (!step.kind->apply(step, event)) return std::nullopt;
  return event.document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::optional<OrderedJson> value_at(TransformedEvent& event, std::string_view source) {
  const std::pair<std::string_view, std::string_view> known[] = {{"@message", event.origin.message},
                                                                 {"@logGroupName", event.origin.group},
                                                                 {"@logGroupStream", event.origin.stream},
                                                                 {"@accountId", event.origin.account},
                                                                 {"@regionName", event.origin.region}};
  for (const auto& [name, value] : known)
    if (source == name) return value.empty() ? std::nullopt : std::optional<OrderedJson>(value);
  const OrderedJson* found = find_key(event.document, source);
  return found == nullptr ? std::nullopt : std::optional<OrderedJson>(*found);
}

std::optional<std::string> text_at(TransformedEvent& event, const Json& settings) {
  const std::string& source = text_of(settings, "source");
  const std::optional<OrderedJson> value = value_at(event, source.empty() ? "@message" : source);
  if (!value || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

void put_parsed(TransformedEvent& event, const Json& settings, const std::string& key, OrderedJson value,
                bool overwrite) {
  const std::string& destination = text_of(settings, "destination");
  if (!destination.empty()) put_key(event.document, destination, OrderedJson::object(), false);
  OrderedJson* home = destination.empty() ? &event.document : find_key(event.document, destination);
  // Not a path: what was parsed may have dots in its names.
  if (home->is_object() && (overwrite || !home->contains(key))) (*home)[key] = std::move(value);
}

}  // namespace aviary::logs
