#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/cloudformation/core/resource_type.hpp"

/// Resources that a function makes: what it is told, and what it answers.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
namespace aviary::cloudformation {

/// `AWS::CloudFormation::CustomResource`, `Custom::Whatever`.
bool is_custom_type(std::string_view type);

struct CustomRequest {
  std::string request_type;  ///< Create, Update, Delete
  std::string type;
  std::string request_id;
  std::string response_url;
  std::string physical_id;  ///< empty: there is none yet
  Json properties = Json::object();
  std::optional<Json> old_properties;
};
Json custom_event(const CustomRequest& request, const Context& context);

struct CustomAnswer {
  bool success = false;
  std::string problem;  ///< of a failure, in CloudFormation's words
  std::string physical_id;
  Json data = Json::object();
  bool no_echo = false;
};
/// Whatever comes in at the response's address.
CustomAnswer read_custom_answer(std::string_view body, const CustomRequest& request, const Context& context);

/// How long CloudFormation waits: `ServiceTimeout` if it is given, at most an hour.
Duration custom_timeout(const Json& properties);

/// A condition's signal: `{"Status", "Reason", "UniqueId", "Data"}`.
struct Signal {
  bool success = false;
  std::string reason;
  std::string id;
  std::string data;
};
std::optional<Signal> read_signal(std::string_view body);

}  // namespace aviary::cloudformation
