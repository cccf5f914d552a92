#include "services/logs/api/input.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "models/logs.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {

std::optional<std::int64_t> number_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? std::optional(member->get<std::int64_t>()) : std::nullopt;
}

std::optional<double> real_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? std::optional(member->get<double>()) : std::nullopt;
}

Scope scope_of(const Call& call) { return {call.account, call.region}; }

Result<> check_name(std::string_view name) {
  constexpr std::size_t longest = 512;
  if (name.size() > longest)
    return invalid_parameter(
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  return {};
}

Result<std::string> group_name_of(const Call& call) {
  const std::string& name = text_of(call.input, "logGroupName");
  if (const Result<> fits = check_name(name); !fits) return fits.error();
  return name;
}

Result<LogGroup*> group_of(LogStore& store, const Call& call) {
  const Result<std::string> name = group_name_of(call);
  if (!name) return name.error();
  LogGroup* group = store.find_group(scope_of(call), *name);
  if (!group) return group_not_found();
  return group;
}

std::string_view name_in(std::string_view identifier) {
  constexpr std::string_view mark = ":log-group:";
  const std::size_t found = identifier.find(mark);
  if (!identifier.starts_with("arn:") || found == std::string_view::npos) return identifier;
  identifier.remove_prefix(found + mark.size());
  if (identifier.ends_with(":*")) identifier.remove_suffix(2);
  return identifier;
}

Result<LogGroup*> identified_group_of(LogStore& store, const Call& call) {
  const std::string& identifier = text_of(call.input, "logGroupIdentifier");
  const std::string& name = text_of(call.input, "logGroupName");
  if (identifier.empty() && name.empty())
    return invalid_parameter("Either LogGroup name or LogGroup ARN must be specified.");
  if (identifier.empty()) return group_of(store, call);
  if (!name.empty())
    return AwsError(models::logs::errors::ValidationException,
                    "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  LogGroup* group = store.find_group(scope_of(call), name_in(identifier));
  if (!group) return group_not_found();
  return group;
}

std::string token_after(std::string_view last) { return base64_encode(last); }

Result<std::optional<std::string>> token_of(const Json& input) {
  const std::string& token = text_of(input, "nextToken");
  if (token.empty()) return std::optional<std::string>();
  std::optional<std::string> last = base64_decode(token);
  if (!last) return invalid_token();
  return last;
}

std::size_t page_size_of(const Json& input) {
  constexpr std::int64_t most = 50;
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(number_of(input, "limit").value_or(most), 1, most));
}

}  // namespace aviary::logs
