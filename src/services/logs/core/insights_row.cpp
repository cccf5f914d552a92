#include "services/logs/core/insights_row.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "services/logs/core/json_probe.hpp"
#include "services/logs/core/payload.hpp"

namespace aviary::logs::insights {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

/// What follows the label, up to a space or a tab.
Value report_field(std::string_view message, std::string_view label) {
  const std::size_t at = message.find(label);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = message.substr(at + label.size());
  return Value::text(std::string(rest.substr(0, rest.find_first_of(" \t\n"))));
}

Value json_value(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::Null:
      return {};
    case JsonKind::True:
      return Value::boolean(true);
    case JsonKind::False:
      return Value::boolean(false);
    default:
      return Value::text(value.text());
  }
}

JsonPath steps_of(std::string_view name) {
  JsonPath path;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    const std::string_view step = name.substr(0, end);
    const bool index = !step.empty() && step.size() < 9 &&
                       std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; });
    if (index)
      path.push_back({JsonStep::Kind::Index, {}, std::stoul(std::string(step))});
    else
      path.push_back({JsonStep::Kind::Key, std::string(step)});
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return path;
}

/// By `a.b.0.c`; also a key that has the dots in its name.
Value json_within(std::string_view fragment, std::string_view name) {
  if (!resembles_json(fragment)) return {};
  Value found;
  const JsonVisitor take = [&found](const JsonValue& value) {
    found = json_value(value);
    return true;
  };
  const bool there = find_json(fragment, steps_of(name), take) ||
                     (name.find('.') != std::string_view::npos &&
                      find_json(fragment, {{JsonStep::Kind::Key, std::string(name)}}, take));
  if (!there || !is_json(fragment)) return {};
  return found;
}

}  // namespace

Value lambda_field(std::string_view message, std::string_view name) {
  static constexpr std::array<std::string_view, 4> kinds{"START", "END", "REPORT", "INIT_START"};
  const std::string_view word = message.substr(0, message.find(' '));
  const bool platform = std::ranges::find(kinds, word) != kinds.end();
  if (name == "@type") return platform ? Value::text(std::string(word)) : Value();
  if (name == "@requestId") return report_field(message, "RequestId: ");
  if (word != "REPORT") return {};
  constexpr double megabyte = 1'000'000;  // @memorySize and @maxMemoryUsed are in bytes
  const auto bytes = [&](std::string_view label) {
    const std::optional<double> size = report_field(message, label).as_number();
    return size ? Value::number(*size * megabyte) : Value();
  };
  if (name == "@duration") return report_field(message, "\tDuration: ");
  if (name == "@billedDuration") return report_field(message, "\tBilled Duration: ");
  if (name == "@initDuration") return report_field(message, "\tInit Duration: ");
  if (name == "@memorySize") return bytes("\tMemory Size: ");
  if (name == "@maxMemoryUsed") return bytes("\tMax Memory Used: ");
  return {};
}

Value json_field(std::string_view message, std::string_view name) {
  // "Only the first embedded JSON fragment" of a line is looked into.
  const std::size_t begin = message.find('{');
  if (begin == std::string_view::npos) return {};
  const std::string_view fragment = trimmed(message.substr(begin));
  return json_within(fragment, name);
}

void Row::keep() {
  if (!source_) return;
  message_ = source_->event.text;
  stream_ = source_->stream;
  log_ = source_->log;
  source_->event.text = {};
  source_->stream = source_->log = {};
}

void Row::set(std::string_view name, Value value) {
  const auto found = std::ranges::find(made_, name, &std::pair<std::string, Value>::first);
  if (found != made_.end())
    found->second = std::move(value);
  else
    made_.emplace_back(name, std::move(value));
}

Value Row::field(std::string_view name) const {
  const auto found = std::ranges::find(made_, name, &std::pair<std::string, Value>::first);
  if (found != made_.end()) return found->second;
  if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
    const auto structure =
        std::ranges::find(made_, name.substr(0, dot), &std::pair<std::string, Value>::first);
    if (structure != made_.end()) return json_within(structure->second.as_text(), name.substr(dot + 1));
  }
  return source_ ? discovered(name) : Value();
}

Value Row::discovered(std::string_view name) const {
  // The views are empty once the row was kept; a log always has a name.
  const bool kept = source_->log.empty();
  const std::string_view message = kept ? std::string_view(message_) : source_->event.text;
  if (!name.starts_with('@')) return json_field(message, name);
  if (name == "@timestamp") return Value::time(source_->event.key.timestamp);
  if (name == "@ingestionTime") return Value::time(source_->event.ingested);
  if (name == "@message") return Value::text(std::string(message));
  if (name == "@logStream") return Value::text(kept ? stream_ : std::string(source_->stream));
  if (name == "@log") return Value::text(kept ? log_ : std::string(source_->log));
  if (name == "@ptr") return Value::text(base64_encode(event_id(source_->event.key)));
  return lambda_field(message, name);
}

}  // namespace aviary::logs::insights
