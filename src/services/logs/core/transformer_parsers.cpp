#include <string>
#include <vector>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/key_path.hpp"
#include "services/logs/core/transformer_steps.hpp"

/// Processors that make fields of a text.
namespace aviary::logs {
namespace {

bool parse_json(const Transformer::Step& step, TransformedEvent& event) {
  const std::optional<std::string> text = text_at(event, step.settings);
  if (!text) return false;
  OrderedJson parsed = parse_bounded<OrderedJson>(*text);
  if (!parsed.is_object()) return false;
  for (auto& [key, value] : parsed.items()) put_parsed(event, step.settings, key, std::move(value), true);
  return true;
}

std::string text_or(const Json& settings, const char* name, const char* otherwise) {
  const std::string& text = text_of(settings, name);
  return text.empty() ? otherwise : text;
}

/// Fields of one line; a quotation mark within quotation marks is doubled.
std::vector<std::string> split_columns(std::string_view line, std::string_view delimiter, char quote) {
  std::vector<std::string> columns(1);
  bool quoted = false;
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at];
    if (c == quote) {
      const bool doubled = quoted && at + 1 < line.size() && line[at + 1] == quote;
      if (doubled) columns.back().push_back(quote);
      if (!doubled) quoted = !quoted;
      at += doubled ? 2 : 1;
    } else if (!quoted && line.substr(at).starts_with(delimiter)) {
      columns.emplace_back();
      at += delimiter.size();
    } else {
      columns.back().push_back(c);
      ++at;
    }
  }
  return columns;
}

bool parse_csv(const Transformer::Step& step, TransformedEvent& event) {
  const std::optional<std::string> text = text_at(event, step.settings);
  if (!text) return false;
  std::string delimiter = text_or(step.settings, "delimiter", ",");
  if (delimiter == "\\t") delimiter = "\t";
  const std::string quotes = text_or(step.settings, "quoteCharacter", "\"");
  if (quotes.size() != 1) return false;
  const char quote = quotes.front();
  const std::vector<std::string> names = texts_of(step.settings, "columns");
  const std::vector<std::string> columns = split_columns(*text, delimiter, quote);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = i < names.size() ? names[i] : "column_" + std::to_string(i + 1);
    put_parsed(event, step.settings, name, columns[i], true);
  }
  return true;
}

bool parse_key_value(const Transformer::Step& step, TransformedEvent& event) {
  const Json& settings = step.settings;
  const std::optional<std::string> text = text_at(event, settings);
  if (!text) return false;
  const std::string fields = text_or(settings, "fieldDelimiter", "&");
  const std::string between = text_or(settings, "keyValueDelimiter", "=");
  const Json* no_match = find_member(settings, "nonMatchValue");
  const bool overwrite = flag_of(settings, "overwriteIfExists");
  for (std::size_t at = 0; at <= text->size();) {
    const std::size_t end = std::min(text->find(fields, at), text->size());
    const std::string pair = text->substr(at, end - at);
    at = end + fields.size();
    if (pair.empty()) continue;
    const std::size_t middle = pair.find(between);
    const bool split = middle != std::string::npos;
    const OrderedJson value = split      ? OrderedJson(pair.substr(middle + between.size()))
                              : no_match ? OrderedJson(no_match->get<std::string>())
                                         : OrderedJson();
    put_parsed(event, settings, text_of(settings, "keyPrefix") + pair.substr(0, middle), value, overwrite);
  }
  return true;
}

bool parse_grok(const Transformer::Step& step, TransformedEvent& event) {
  const std::optional<std::string> text = text_at(event, step.settings);
  if (!text) return false;
  auto found = step.grok->match(*text);
  if (!found) return false;
  for (auto& [name, value] : *found) put_key(event.document, name, std::move(value), true);
  return true;
}

Result<> prepare_grok(Transformer::Step& step) {
  Result<Grok> grok = Grok::compile(text_of(step.settings, "match"));
  if (!grok) return grok.error();
  step.grok = std::move(*grok);
  return {};
}

constexpr ProcessorKind parsers[] = {{"parseJSON", true, any_number, parse_json},
                                     {"csv", true, any_number, parse_csv},
                                     {"parseKeyValue", true, any_number, parse_key_value},
                                     {"grok", true, 1, parse_grok, prepare_grok}};

}  // namespace

std::span<const ProcessorKind> parser_kinds() { return parsers; }

}  // namespace aviary::logs
