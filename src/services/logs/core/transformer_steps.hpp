#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/logs/core/date_format.hpp"
#include "services/logs/core/grok.hpp"
#include "services/logs/core/regex.hpp"
#include "services/logs/core/transformer.hpp"

namespace aviary::logs {

/// An event on its way through a transformer.
struct TransformedEvent {
  const EventOrigin& origin;
  OrderedJson document = OrderedJson::object();
};

/// One kind of processor, by the name that a configuration gives it.
struct ProcessorKind {
  std::string_view name;
  bool is_parser;
  std::size_t at_most;  ///< of the kind in one transformer
  /// False if the event cannot be parsed.
  bool (*apply)(const Transformer::Step& step, TransformedEvent& event);
  /// Reads what is not to be read for each event; null: there is nothing.
  Result<> (*prepare)(Transformer::Step& step) = nullptr;
};

/// What a transformer can have of any kind.
constexpr std::size_t any_number = 20;

struct Transformer::Step {
  const ProcessorKind* kind;
  Json settings;
  std::vector<Regex> expressions{};  ///< of substituteString, one an entry
  std::optional<Grok> grok{};
  std::optional<DateConversion> dates{};
};

// One table a file: transformer_parsers.cpp, transformer_mutators.cpp, transformer_converters.cpp.
std::span<const ProcessorKind> parser_kinds();
std::span<const ProcessorKind> mutator_kinds();
std::span<const ProcessorKind> converter_kinds();

/// The value that `source` names: `@message` and what else is known of the event, or a place in the document.
/// Nothing if there is none.
std::optional<OrderedJson> value_at(TransformedEvent& event, std::string_view source);
/// Likewise, if it is text; a parser's default is the whole event.
std::optional<std::string> text_at(TransformedEvent& event, const Json& settings);
/// What a parser has found goes under `destination`, or to the root.
void put_parsed(TransformedEvent& event, const Json& settings, const std::string& key, OrderedJson value,
                bool overwrite);

}  // namespace aviary::logs
