#include <fmt/format.h>

#include "base/ascii.hpp"

#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {
namespace {

/// What one column demands: any of these, each of which is all of those.
struct Demand {
  Comparison comparison;
  Operand operand;
};
using Demands = std::vector<std::vector<Demand>>;

struct Column {
  std::string name;  ///< empty: counted, not named
  Demands demands;

  bool takes(std::string_view value) const {
    if (demands.empty()) return true;
    for (const std::vector<Demand>& all : demands) {
      bool fits = true;
      for (const Demand& demand : all) fits = fits && holds(value, true, demand.comparison, demand.operand);
      if (fits) return true;
    }
    return false;
  }
};

/// One field of an event: a word, or what stands between brackets or quotes.
struct Field {
  std::string_view value;
  std::size_t begin;  ///< in the event, brackets and quotes included
};

std::vector<Field> split(std::string_view event) {
  std::vector<Field> fields;
  std::size_t at = 0;
  for (;;) {
    while (at < event.size() && is_space(event[at])) ++at;
    if (at == event.size()) return fields;
    const std::size_t begin = at;
    const char open = event[at];
    if (open == '[' || open == '"') {
      const std::size_t close = event.find(open == '[' ? ']' : '"', at + 1);
      if (close != std::string_view::npos) {
        fields.push_back({event.substr(begin + 1, close - begin - 1), begin});
        at = close + 1;
        continue;
      }
    }
    while (at < event.size() && !is_space(event[at])) ++at;
    fields.push_back({event.substr(begin, at - begin), begin});
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

class ColumnsRule final : public FilterPattern::Rule {
 public:
  /// `gap`: where `...` stands among the columns, if it does.
  ColumnsRule(std::vector<Column> columns, std::optional<std::size_t> gap)
      : columns_(std::move(columns)), gap_(gap) {}

  bool matches(std::string_view event) const override { return assign(event).has_value(); }

  Extracted extract(std::string_view event) const override {
    Extracted values;
    const std::optional<Assigned> assigned = assign(event);
    if (!assigned) return values;
    // Counted are all fields of the event; a column without a name is known by its number.
    for (std::size_t i = 0; i < assigned->values.size(); ++i) {
      const std::string* name = assigned->names[i];
      values.emplace_back(name && !name->empty() ? "$" + *name : fmt::format("${}", i + 1),
                          assigned->values[i]);
    }
    return values;
  }
  std::optional<std::string> value(std::string_view event, std::string_view selector) const override {
    for (auto& [name, text] : extract(event)) {
      if (name == selector) return std::move(text);
    }
    return std::nullopt;
  }

 private:
  struct Assigned {
    std::vector<std::string_view> values;
    std::vector<const std::string*> names;  ///< null: a field that `...` stands for
  };

  std::optional<Assigned> assign(std::string_view event) const {
    const std::vector<Field> fields = split(event);
    if (fields.size() < columns_.size()) return std::nullopt;
    Assigned assigned;
    const std::size_t before = gap_.value_or(columns_.size());
    const std::size_t skipped = gap_ ? fields.size() - columns_.size() : 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool last = i + 1 == columns_.size();
      if (i == before) add_gap(assigned, fields, before, skipped);
      const std::size_t place = i < before ? i : i + skipped;
      std::string_view value = fields[place].value;
      // Without `...` the last column has all that is left: `[w1=ERROR, w2]`.
      if (last && !gap_ && fields.size() > columns_.size())
        value = trimmed(event.substr(fields[place].begin));
      if (!columns_[i].takes(value)) return std::nullopt;
      assigned.values.push_back(value);
      assigned.names.push_back(&columns_[i].name);
    }
    if (gap_ && before == columns_.size()) add_gap(assigned, fields, before, skipped);
    return assigned;
  }

  static void add_gap(Assigned& assigned, const std::vector<Field>& fields, std::size_t from,
                      std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) {
      assigned.values.push_back(fields[i].value);
      assigned.names.push_back(nullptr);
    }
  }

  std::vector<Column> columns_;
  std::optional<std::size_t> gap_;
};

std::string take_name(ConditionReader& reader) {
  reader.spaces();
  std::size_t length = 0;
  const std::string_view rest = reader.rest();
  while (length < rest.size() &&
         (is_word_character(rest[length]) || rest[length] == '-' || rest[length] == '$'))
    ++length;
  std::string name(rest.substr(0, length));
  reader.advance(length);
  return name;
}

Result<Column> parse_column(ConditionReader& reader) {
  Column column;
  column.name = take_name(reader);
  if (column.name.empty()) return column;
  for (std::string name = column.name;;) {
    const std::optional<Comparison> comparison = reader.comparison();
    if (!comparison) {
      if (!column.demands.empty()) return invalid_pattern();
      return column;
    }
    Result<Operand> operand = reader.operand();
    if (!operand) return operand.error();
    const bool ordered = *comparison != Comparison::Equal && *comparison != Comparison::NotEqual;
    if (ordered && !operand->number) return invalid_pattern();
    if (column.demands.empty()) column.demands.emplace_back();
    column.demands.back().push_back({*comparison, std::move(*operand)});
    if (reader.take("||")) {
      column.demands.emplace_back();
    } else if (!reader.take("&&")) {
      return column;
    }
    name = take_name(reader);
    if (name != column.name) return invalid_pattern();
  }
}

}  // namespace

Result<RulePointer> parse_columns(std::string_view pattern) {
  ConditionReader reader(pattern.substr(1, pattern.size() - 2));
  std::vector<Column> columns;
  std::optional<std::size_t> gap;
  // `[]` matches every event, as an empty pattern does.
  if (reader.at_end()) return RulePointer();
  for (;;) {
    if (reader.take("...")) {
      if (gap) return invalid_pattern();
      gap = columns.size();
    } else {
      Result<Column> column = parse_column(reader);
      if (!column) return column.error();
      columns.push_back(std::move(*column));
    }
    if (reader.at_end()) break;
    if (!reader.take(",")) return reader.invalid_here();
  }
  return RulePointer(std::make_shared<ColumnsRule>(std::move(columns), gap));
}

}  // namespace aviary::logs
