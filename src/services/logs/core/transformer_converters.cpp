#include <charconv>
#include <cmath>

#include "base/document.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/key_path.hpp"
#include "services/logs/core/transformer_steps.hpp"

/// Processors that make another kind of a value.
namespace aviary::logs {
namespace {

std::optional<double> number_in(const OrderedJson& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  double number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Nothing if the value has no such form: it stays as it is.
std::optional<OrderedJson> converted(const OrderedJson& value, const std::string& type) {
  if (type == "string") return value.is_string() ? value : OrderedJson(value.dump());
  if (type == "boolean") {
    if (value == "true" || value == "false") return OrderedJson(value == "true");
    return value.is_boolean() ? std::optional(value) : std::nullopt;
  }
  const std::optional<double> number = number_in(value);
  constexpr double largest_exact = 9007199254740992.0;
  if (!number || !std::isfinite(*number)) return std::nullopt;
  if (type == "double") return OrderedJson(*number);
  if (std::abs(*number) > largest_exact) return std::nullopt;
  return OrderedJson(static_cast<std::int64_t>(*number));
}

bool convert_types(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries")) {
    OrderedJson* found = find_key(event.document, text_of(entry, "key"));
    if (found == nullptr) continue;
    if (std::optional<OrderedJson> value = converted(*found, text_of(entry, "type")))
      *found = std::move(*value);
  }
  return true;
}

bool convert_date(const Transformer::Step& step, TransformedEvent& event) {
  const std::optional<std::string> text = text_at(event, step.settings);
  if (!text) return true;
  if (std::optional<std::string> date = step.dates->convert(*text))
    put_key(event.document, text_of(step.settings, "target"), std::move(*date), true);
  return true;
}

Result<> prepare_dates(Transformer::Step& step) {
  Result<DateConversion> dates = DateConversion::parse(step.settings);
  if (!dates) return dates.error();
  step.dates = std::move(*dates);
  return {};
}

constexpr ProcessorKind converters[] = {
    {"typeConverter", false, any_number, convert_types},
    {"dateTimeConverter", false, any_number, convert_date, prepare_dates}};

}  // namespace

std::span<const ProcessorKind> converter_kinds() { return converters; }

}  // namespace aviary::logs
