#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::wire {

/// Keys and values of a query string or a form, percent-decoded, in the order sent. A key may come several
/// times.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Malformed percent-encoding is taken literally, as servers do that do not refuse it.
Parameters parse_parameters(std::string_view text);

/// The first value of `key`, or null.
const std::string* find_parameter(const Parameters& parameters, std::string_view key);

/// The same without decoding the whole string: for one key that most requests do not have.
std::optional<std::string> query_value(std::string_view query, std::string_view key);

}  // namespace aviary::wire
