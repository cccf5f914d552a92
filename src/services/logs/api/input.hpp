#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/document.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "services/logs/core/log_store.hpp"

/// Reading a validated document.
namespace aviary::logs {

std::optional<std::int64_t> number_of(const Json& input, const char* name);
std::optional<double> real_of(const Json& input, const char* name);

Scope scope_of(const Call& call);
/// A name of a group or a stream that is too long is refused in these words.
Result<> check_name(std::string_view name);
/// The name that `logGroupName` gives.
Result<std::string> group_name_of(const Call& call);
/// The group that `logGroupName` names.
Result<LogGroup*> group_of(LogStore& store, const Call& call);
/// The group that `logGroupName` or `logGroupIdentifier` (a name, or an ARN with or without `:*`) names.
Result<LogGroup*> identified_group_of(LogStore& store, const Call& call);
/// The name in an ARN of a log group, or the text itself if it is none.
std::string_view name_in(std::string_view identifier);

/// Where a page begins: opaque to callers. Lists of names give the last name of the page before.
std::string token_after(std::string_view last);
/// Nothing if `nextToken` is absent.
Result<std::optional<std::string>> token_of(const Json& input);
/// `limit`, at most 50.
std::size_t page_size_of(const Json& input);

}  // namespace aviary::logs
