#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "models/model.hpp"
#include "services/iam/core/access_request.hpp"

/// From an operation to what it needs: actions on resources, as the Service Authorization Reference has them.
/// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
namespace aviary::iam {

/// One action that the operation needs; several rows may be about one operation.
struct ActionRow {
  std::string_view operation;
  /// Empty: named as the operation. `-`: the operation needs none. With a colon: another service's or a
  /// second action, needed besides; not if its resource is not named in the request.
  std::string_view action{};
  /// A template; empty: the first of the service's that can be filled, else `*`.
  std::string_view resource{};
  std::string_view when{};  ///< a member that has to be there for the row to count
};

/// A condition key of the service's own, and the template that gives it its values.
struct KeyRow {
  std::string_view key;
  std::string_view value;
};

/// Templates are texts with `{Member}` in them, `{Member.Of.It}`, `{$region}`, `{$account}`, `{$caller}`, and
/// `{Member|filter}` (action_templates.cpp). A member that is an ARN takes the place of all before it.
struct ServiceActions {
  std::string_view service;  ///< the model's id
  std::string_view prefix;   ///< of its actions
  std::span<const ActionRow> rows{};
  std::span<const std::string_view> resources{};
  std::span<const KeyRow> keys{};
  bool by_path = false;  ///< actions are HTTP methods, resources paths: API Gateway
};
std::span<const ServiceActions> service_actions();

/// Where a request was made, and by whom.
struct Place {
  std::string account;
  std::string region;
  std::string caller{};  ///< an ARN
};

struct Demand {
  std::string action;
  std::string resource;
  std::string passed_to{};  ///< of `iam:PassRole`: the service that gets the role
};

/// Never empty for an operation that needs something.
std::vector<Demand> demands_of(const models::Service& service, const models::Operation& operation,
                               const Json& input, const Place& place);

/// What the request's input says to conditions: the service's own keys, `aws:RequestTag/…`, `aws:TagKeys`.
void add_request_keys(const models::Service& service, const Json& input, const Place& place,
                      ContextKeys& keys);

/// The texts that a template gives; none if a member that it needs is not there.
std::vector<std::string> fill_template(std::string_view pattern, const Json& input, const Place& place);

/// As the service itself spells the action when it refuses: `sqs:sendmessage`, `SNS:Publish`.
std::string spelled_action(const std::string& action);
/// Likewise the resource: IAM says `role r` of what it has, S3 quotes.
std::string spelled_resource(const std::string& action, const std::string& resource);

}  // namespace aviary::iam
