#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/ssm/core/parameter.hpp"

/// `ParameterFilters`: all of them must hold, each holds if one of its values does.
/// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
namespace aviary::ssm {

enum class FilterUse { Describe, ByPath };

/// Checks what the model does not know: keys, options and values that go together.
Result<> check_filters(const Json& filters, FilterUse use);
bool matches_filters(const Parameter& parameter, const Json& filters);

/// Whether `name` is under `path`, at any depth or directly.
bool is_under(std::string_view name, std::string_view path, bool recursive);

}  // namespace aviary::ssm
