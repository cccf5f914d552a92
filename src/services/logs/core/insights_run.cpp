#include "services/logs/core/insights_run.hpp"

#include <algorithm>

namespace aviary::logs::insights {
namespace {

/// Whether a command decides about each row for itself.
bool streams(const Command& command) {
  return std::holds_alternative<Fields>(command) || std::holds_alternative<Filter>(command) ||
         std::holds_alternative<Parse>(command);
}

/// False: the row goes no further.
bool pass(const Command& command, Row& row) {
  if (const auto* fields = std::get_if<Fields>(&command)) {
    for (const NamedExpression& column : fields->columns) {
      if (column.plain) continue;  // it is where it was
      Value value = column.value(row);
      if (value.exists()) row.set(column.name, std::move(value));
    }
    return true;
  }
  if (const auto* filter = std::get_if<Filter>(&command)) return filter->condition(row).is_true();
  if (const auto* parse = std::get_if<Parse>(&command)) {
    const auto found = parse->pattern.captures(parse->source(row).as_text());
    if (!found) return true;
    for (const auto& [group, text] : *found) {
      const auto field = std::ranges::find(parse->fields, group, &Parse::Field::group);
      if (field != parse->fields.end()) row.set(field->name, Value::text(text));
    }
  }
  return true;
}

}  // namespace

Run::Run(Query query, std::size_t limit) : query_(std::move(query)), limit_(limit), waits_at_(query_.size()) {
  for (std::size_t i = 0; i < query_.size(); ++i) {
    if (const auto* limit_here = std::get_if<Limit>(&query_[i])) limit_ = std::min(limit_, limit_here->rows);
    if (std::holds_alternative<Stats>(query_[i])) of_events_ = false;
    if (waits_at_ == query_.size() && !streams(query_[i])) waits_at_ = i;
  }
  if (waits_at_ < query_.size()) stats_ = std::get_if<Stats>(&query_[waits_at_]);
  // `sort … | limit 20`, `limit 20` and nothing at all: what cannot be among the first is not kept.
  std::size_t next = waits_at_;
  if (next < query_.size()) {
    sort_ = std::get_if<Sort>(&query_[next]);
    if (sort_) ++next;
  }
  if (next == query_.size()) {
    keep_ = limit_;
  } else if (const auto* first = std::get_if<Limit>(&query_[next])) {
    keep_ = std::min(limit, first->rows);
  }
  columns_ = shown_columns();
}

std::vector<std::string> Run::shown_columns() const {
  std::vector<std::string> columns;
  const auto add = [&columns](const std::string& name) {
    if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
  };
  bool displayed = false;
  bool chosen = false;
  for (const Command& command : query_) {
    if (const auto* fields = std::get_if<Fields>(&command)) {
      if (displayed && !fields->display) continue;
      if (fields->display && !displayed) columns.clear();
      displayed = displayed || fields->display;
      chosen = true;
      for (const NamedExpression& column : fields->columns) add(column.name);
    } else if (const auto* parse = std::get_if<Parse>(&command); parse && !displayed) {
      if (!chosen && of_events_ && columns.empty()) {
        add("@timestamp");
        add("@message");
      }
      for (const Parse::Field& field : parse->fields) add(field.name);
    } else if (const auto* stats = std::get_if<Stats>(&command)) {
      columns.clear();
      displayed = false;
      for (const NamedExpression& key : stats->keys) add(key.name);
      for (const NamedExpression& column : stats->columns) add(column.name);
    }
  }
  if (columns.empty()) return {"@timestamp", "@message"};
  return columns;
}

void Run::add(const Row::Source& source) {
  ++scanned_;
  scanned_bytes_ += source.event.text.size();
  Row row(source);
  for (std::size_t i = 0; i < waits_at_; ++i)
    if (!pass(query_[i], row)) return;
  ++matched_;
  if (stats_)
    count(*stats_, row);
  else
    collect(std::move(row));
}

void Run::collect(Row row) {
  row.keep();
  rows_.push_back(std::move(row));
  constexpr std::size_t slack = 1000;
  if (!keep_ || rows_.size() < 2 * *keep_ + slack) return;
  order(rows_, sort_);
  rows_.resize(*keep_);
}

/// As `sort` says; without one the newest event comes first.
void Run::order(std::vector<Row>& rows, const Sort* sort) {
  if (!sort) {
    std::ranges::stable_sort(rows, [](const Row& a, const Row& b) { return a.key() > b.key(); });
    return;
  }
  struct Keyed {
    std::vector<Value> keys;
    std::size_t row;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    keyed.push_back({{}, i});
    for (const Sort::Key& key : sort->keys) keyed.back().keys.push_back(key.value(rows[i]));
  }
  std::ranges::stable_sort(keyed, [&](const Keyed& a, const Keyed& b) {
    for (std::size_t i = 0; i < sort->keys.size(); ++i) {
      const std::weak_ordering order = compare(a.keys[i], b.keys[i]);
      if (order != 0) return sort->keys[i].descending ? order > 0 : order < 0;
    }
    return rows[a.row].key() > rows[b.row].key();
  });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const Keyed& each : keyed) sorted.push_back(std::move(rows[each.row]));
  rows = std::move(sorted);
}

std::vector<Row> Run::apply(const Command& command, std::vector<Row> rows) {
  if (streams(command)) {
    std::erase_if(rows, [&command](Row& row) { return !pass(command, row); });
  } else if (const auto* sort = std::get_if<Sort>(&command)) {
    order(rows, sort);
  } else if (const auto* limit = std::get_if<Limit>(&command)) {
    if (rows.size() > limit->rows) rows.resize(limit->rows);
  } else if (const auto* dedup = std::get_if<Dedup>(&command)) {
    std::set<std::vector<std::string>> seen;
    std::erase_if(rows, [&](const Row& row) {
      std::vector<std::string> values;
      for (const Expression& field : dedup->fields) {
        const Value value = field(row);
        if (!value.exists()) return false;  // "Null values are not considered duplicates."
        values.push_back(value.as_text());
      }
      return !seen.insert(std::move(values)).second;
    });
  } else if (const auto* stats = std::get_if<Stats>(&command)) {
    groups_.clear();
    for (const Row& row : rows) count(*stats, row);
    rows = totals(*stats);
  }
  return rows;
}

std::vector<ResultRow> Run::finish() {
  std::vector<Row> rows;
  std::size_t next = waits_at_;
  if (stats_) {
    rows = totals(*stats_);
    ++next;
  } else {
    rows = std::move(rows_);
    order(rows, sort_);
    if (sort_) ++next;
  }
  for (; next < query_.size(); ++next) rows = apply(query_[next], std::move(rows));
  if (rows.size() > limit_) rows.resize(limit_);
  std::vector<ResultRow> results;
  results.reserve(rows.size());
  for (const Row& row : rows) results.push_back(show(row));
  return results;
}

ResultRow Run::show(const Row& row) const {
  ResultRow shown;
  for (const std::string& column : columns_) {
    const Value value = row.field(column);
    if (value.exists()) shown.emplace_back(column, value.as_text());
  }
  if (of_events_) shown.emplace_back("@ptr", row.field("@ptr").as_text());
  return shown;
}

}  // namespace aviary::logs::insights
