#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace aviary::cloudformation {

/// `{"SQSPollerPolicy": {"Parameters": ["QueueName"], "Definition": {…}}, …}`
const Json& sam_policy_templates();

/// Whether an entry of a function's Policies is a template: `{"SQSPollerPolicy": {"QueueName": …}}`.
bool is_policy_template(const Json& policy);
/// The policy document of one; null, with a `problem`, if its parameters are not those that it has.
Json policy_of_template(const Json& policy, std::string& problem);

}  // namespace aviary::cloudformation
