#include "services/logs/core/insights_functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ip_block.hpp"
#include "services/logs/core/json_probe.hpp"

namespace aviary::logs::insights {
namespace {

using Arguments = std::vector<Value>;
using Body = Value (*)(const Arguments&, QueryMoment);

template <class Change>
std::string changed(const Value& value, Change change) {
  std::string text = value.as_text();
  std::ranges::transform(text, text.begin(), change);
  return text;
}

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

template <double (*Function)(double)>
Value numeric(const Arguments& a, QueryMoment) {
  const std::optional<double> x = a[0].as_number();
  return x ? Value::number(Function(*x)) : Value();
}

double absolute(double x) { return std::fabs(x); }
double round_up(double x) { return std::ceil(x); }
double round_down(double x) { return std::floor(x); }
double logarithm(double x) { return std::log(x); }
double square_root(double x) { return std::sqrt(x); }

template <bool Greatest>
Value extreme(const Arguments& a, QueryMoment) {
  Value best;
  for (const Value& each : a) {
    if (!each.as_number()) continue;
    const std::weak_ordering order = compare(each, best);
    if (!best.exists() || (Greatest ? order > 0 : order < 0)) best = each;
  }
  return best;
}

template <bool Left, bool Right>
Value trim(const Arguments& a, QueryMoment) {
  const std::string set = a.size() > 1 ? a[1].as_text() : std::string(" \t\r\n");
  std::string text = a[0].as_text();
  if (Right) text.erase(std::min(text.find_last_not_of(set) + 1, text.size()));
  if (Left) text.erase(0, std::min(text.find_first_not_of(set), text.size()));
  return Value::text(std::move(text));
}

Value is_present(const Arguments& a, QueryMoment) { return Value::boolean(a[0].exists()); }
Value is_empty(const Arguments& a, QueryMoment) { return Value::boolean(a[0].as_text().empty()); }
Value is_blank(const Arguments& a, QueryMoment) {
  return Value::boolean(a[0].as_text().find_first_not_of(" \t\r\n") == std::string::npos);
}
Value coalesce(const Arguments& a, QueryMoment) {
  const auto found = std::ranges::find_if(a, &Value::exists);
  return found == a.end() ? Value() : *found;
}
Value concat(const Arguments& a, QueryMoment) {
  std::string text;
  for (const Value& each : a) text += each.as_text();
  return Value::text(std::move(text));
}
/// In characters, not in bytes.
Value length(const Arguments& a, QueryMoment) {
  const std::string text = a[0].as_text();
  return Value::number(static_cast<double>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; })));
}
Value upper(const Arguments& a, QueryMoment) { return Value::text(changed(a[0], to_upper)); }
Value lower(const Arguments& a, QueryMoment) { return Value::text(changed(a[0], to_lower)); }
Value substring(const Arguments& a, QueryMoment) {
  const std::string text = a[0].as_text();
  const double from = std::max(0.0, a[1].as_number().value_or(0));
  const double count = a.size() > 2 ? a[2].as_number().value_or(0) : static_cast<double>(text.size());
  if (from >= static_cast<double>(text.size()) || count <= 0) return Value::text({});
  return Value::text(
      text.substr(static_cast<std::size_t>(from),
                  static_cast<std::size_t>(std::min(count, static_cast<double>(text.size())))));
}
Value replace(const Arguments& a, QueryMoment) {
  std::string text = a[0].as_text();
  const std::string old = a[1].as_text();
  const std::string fresh = a[2].as_text();
  if (old.empty()) return a[0];
  std::string result;
  std::size_t from = 0;
  for (std::size_t at = text.find(old); at != std::string::npos; at = text.find(old, from)) {
    result.append(text, from, at - from).append(fresh);
    from = at + old.size();
  }
  return Value::text(result.append(text, from));
}
Value contains(const Arguments& a, QueryMoment) {
  return Value::boolean(a[0].as_text().find(a[1].as_text()) != std::string::npos);
}
Value from_millis(const Arguments& a, QueryMoment) {
  const std::optional<double> at = a[0].as_number();
  return at ? Value::time(static_cast<Millis>(*at)) : Value();
}
Value to_millis_number(const Arguments& a, QueryMoment) {
  const std::optional<double> at = a[0].as_number();
  return at ? Value::number(*at) : Value();
}
/// "The number of seconds since the epoch."
Value now(const Arguments&, QueryMoment moment) {
  return Value::number(std::floor(static_cast<double>(moment.now) / 1000));
}

/// A structure is its text; `a.b` and `a[0]` look into it. "Returns a map or list", and an empty text if it
/// is none.
Value json_parse(const Arguments& a, QueryMoment) {
  std::string text = a[0].as_text();
  return Value::text(is_json(text) ? std::move(text) : std::string());
}
Value json_stringify(const Arguments& a, QueryMoment) { return Value::text(a[0].as_text()); }

template <std::size_t Size>
bool of_size(const IpAddress& address) {
  return Size == 0 || address.size == Size;
}
template <std::size_t Size>
Value is_address(const Arguments& a, QueryMoment) {
  const std::optional<IpAddress> address = parse_ip_address(a[0].as_text());
  return Value::boolean(address && of_size<Size>(*address));
}
template <std::size_t Size>
Value is_in_subnet(const Arguments& a, QueryMoment) {
  const std::optional<IpAddress> address = parse_ip_address(a[0].as_text());
  const std::optional<IpBlock> subnet = parse_ip_block(a[1].as_text());
  return Value::boolean(address && subnet && of_size<Size>(*address) && subnet->contains(*address));
}

struct Function {
  std::string_view name;  ///< in lower case; the language does not mind
  std::size_t least;
  std::size_t most;
  Body body;
};

constexpr std::size_t any = 64;
constexpr std::array<Function, 33> functions{{
    {"abs", 1, 1, numeric<absolute>},
    {"ceil", 1, 1, numeric<round_up>},
    {"floor", 1, 1, numeric<round_down>},
    {"log", 1, 1, numeric<logarithm>},
    {"sqrt", 1, 1, numeric<square_root>},
    {"greatest", 1, any, extreme<true>},
    {"least", 1, any, extreme<false>},
    {"ispresent", 1, 1, is_present},
    {"isempty", 1, 1, is_empty},
    {"isblank", 1, 1, is_blank},
    {"coalesce", 1, any, coalesce},
    {"concat", 1, any, concat},
    {"ltrim", 1, 2, trim<true, false>},
    {"rtrim", 1, 2, trim<false, true>},
    {"trim", 1, 2, trim<true, true>},
    {"strlen", 1, 1, length},
    {"toupper", 1, 1, upper},
    {"tolower", 1, 1, lower},
    {"substr", 2, 3, substring},
    {"replace", 3, 3, replace},
    {"strcontains", 2, 2, contains},
    {"frommillis", 1, 1, from_millis},
    {"tomillis", 1, 1, to_millis_number},
    {"now", 0, 0, now},
    {"jsonparse", 1, 1, json_parse},
    {"jsonstringify", 1, 1, json_stringify},
    {"isvalidip", 1, 1, is_address<0>},
    {"isvalidipv4", 1, 1, is_address<4>},
    {"isvalidipv6", 1, 1, is_address<16>},
    {"isipinsubnet", 2, 2, is_in_subnet<0>},
    {"isipv4insubnet", 2, 2, is_in_subnet<4>},
    {"isipv6insubnet", 2, 2, is_in_subnet<16>},
    {"not", 1, 1, [](const Arguments& a, QueryMoment) { return Value::boolean(!a[0].is_true()); }},
}};

struct Step {
  std::string_view name;
  Millis length;
};
constexpr std::array<Step, 22> steps{{
    {"ms", 1},         {"msec", 1},        {"millisecond", 1},  {"milliseconds", 1},
    {"s", 1000},       {"sec", 1000},      {"second", 1000},    {"seconds", 1000},
    {"m", 60'000},     {"min", 60'000},    {"minute", 60'000},  {"minutes", 60'000},
    {"h", 3'600'000},  {"hr", 3'600'000},  {"hour", 3'600'000}, {"hours", 3'600'000},
    {"d", day},        {"day", day},       {"days", day},       {"w", 7 * day},
    {"week", 7 * day}, {"weeks", 7 * day},
}};

}  // namespace

std::optional<Expression> make_call(std::string_view name, std::vector<Expression> arguments,
                                    QueryMoment moment) {
  const std::string plain = changed(Value::text(std::string(name)), to_lower);
  const auto found = std::ranges::find(functions, plain, &Function::name);
  if (found == functions.end() || arguments.size() < found->least || arguments.size() > found->most)
    return std::nullopt;
  return [body = found->body, arguments = std::move(arguments), moment](const Row& row) {
    Arguments values;
    values.reserve(arguments.size());
    for (const Expression& each : arguments) values.push_back(each(row));
    return body(values, moment);
  };
}

std::optional<Expression> make_time_step(Expression time, double count, std::string_view unit,
                                         Rounding rounding) {
  const auto step = std::ranges::find(steps, unit, &Step::name);
  if (step == steps.end() || !(count >= 1) || count > 1e6) return std::nullopt;
  const Millis length = static_cast<Millis>(count) * step->length;
  return [time = std::move(time), length, rounding](const Row& row) {
    const std::optional<double> at = time(row).as_number();
    if (!at || std::fabs(*at) > 1e15) return Value();
    const auto moment = static_cast<Millis>(*at);
    const Millis rest = (moment % length + length) % length;
    const Millis start = moment - rest;
    return Value::time(rounding == Rounding::Up && rest != 0 ? start + length : start);
  };
}

}  // namespace aviary::logs::insights
