#include "rehearsal/function_selector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/core/function_reference.hpp"

namespace aviary::rehearsal {
namespace {

bool is_function_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Checked<FunctionSelector> FunctionSelector::parse(std::string_view text) {
  const lambda::FunctionReference reference = lambda::parse_function_reference(text);
  FunctionSelector selector;
  selector.account_ = reference.account;
  selector.region_ = reference.region;
  selector.name_ = reference.name;
  selector.qualifier_ = reference.qualifier;
  selector.by_version_ = lambda::is_version_number(reference.qualifier) && !reference.qualifier.empty();
  if (reference.qualifier == lambda::latest_qualifier) selector.by_version_ = true;
  const bool good_qualifier =
      reference.qualifier.empty() || selector.by_version_ || lambda::is_alias_name(reference.qualifier);
  if (!is_function_name(reference.name) || !good_qualifier)
    return Refusal{fmt::format(
        "'{}' is no function. It is a name, a name with a version or an alias (order-processor:6, "
        "order-processor:prod), or an ARN of one.",
        text)};
  return selector;
}

std::string_view qualifier_of(const lambda::Invocation& invocation) {
  // arn:aws:lambda:region:account:function:name[:qualifier]
  std::string_view rest = invocation.invoked_arn;
  for (int part = 0; part < 7; ++part) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
  }
  return rest;
}

bool FunctionSelector::matches(const lambda::Invocation& invocation) const {
  const lambda::Version& version = *invocation.version;
  if (version.function_name != name_) return false;
  if (!account_.empty() && version.scope.account != account_) return false;
  if (!region_.empty() && version.scope.region != region_) return false;
  if (qualifier_.empty()) return true;
  return by_version_ ? version.number == qualifier_ : qualifier_of(invocation) == qualifier_;
}

}  // namespace aviary::rehearsal
