#pragma once

#include <string>
#include <string_view>

#include "rehearsal/refusal.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::rehearsal {

/// Which invocations something is about, as a person names them: `order-processor` (all of them),
/// `order-processor:6` (whatever way version 6 was reached), `order-processor:prod` (through that alias), or
/// the ARN of one of these. A name without an ARN stands for the function of that name in every account and
/// region.
class FunctionSelector {
 public:
  static Checked<FunctionSelector> parse(std::string_view text);

  bool matches(const lambda::Invocation& invocation) const;
  const std::string& name() const noexcept { return name_; }
  const std::string& qualifier() const noexcept { return qualifier_; }
  bool names_version() const noexcept { return by_version_; }

 private:
  std::string account_;  ///< empty: any
  std::string region_;
  std::string name_;
  std::string qualifier_;    ///< empty: any
  bool by_version_ = false;  ///< the qualifier is a version's number or `$LATEST`
};

/// What follows the function's name in the ARN that an invocation was made by: an alias, a version, or
/// nothing.
std::string_view qualifier_of(const lambda::Invocation& invocation);

}  // namespace aviary::rehearsal
