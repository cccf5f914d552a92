#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/cloudformation/core/neighbours.hpp"
#include "services/cloudformation/core/stack_store.hpp"
#include "services/cloudformation/jobs/deployer.hpp"

namespace aviary::cloudformation {

/// Everything that the service takes from outside; all of it outlives the service.
struct CloudFormationDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  Cloud& cloud;
  std::string responses_url;     ///< below which functions report how it went, with a slash at its end
  bool records_unknown = false;  ///< resources of types that are not there do not fail their stack
  Duration settling{};           ///< how long what the other services make is pending, by the clock
  boost::asio::any_io_executor executor;  ///< the loop
};

/// AWS CloudFormation as the gateway sees it: stacks and change sets. Owns all state of the service; lives on
/// the loop's thread.
class CloudFormationService final : public TableService<CloudFormationService> {
 public:
  explicit CloudFormationService(CloudFormationDependencies dependencies);
  ~CloudFormationService() override;

  static OperationTable<CloudFormationService> operations();

  /// What a function or a host reports to the address that it was given; false: nobody waits there.
  bool receive_response(std::string_view token, std::string body) {
    return deployer_.receive(token, std::move(body));
  }

  /// Something has happened to what stacks may wait for: a deployment, by its id.
  void tell(std::string_view subject) { deployer_.tell(subject); }
  /// An alarm has gone to ALARM.
  void on_alarm(std::string_view arn) { deployer_.on_alarm(arn); }
  /// True when nothing works on the stack (an ARN) any more; false when the server ends before. A stack that
  /// is gone rests, too.
  Task<bool> rests(std::string stack_id) { return deployer_.rests(std::move(stack_id)); }

  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

 private:
  using Answer = Task<Result<Reply>>;

  // stacks.cpp
  Answer create_stack(Call call);
  Answer update_stack(Call call);
  Result<Reply> delete_stack(Call& call);
  Result<Reply> cancel_update_stack(Call& call);
  Result<Reply> rollback_stack(Call& call);
  Result<Reply> continue_update_rollback(Call& call);
  Result<Reply> update_termination_protection(Call& call);
  Result<Reply> set_stack_policy(Call& call);
  Result<Reply> get_stack_policy(Call& call);
  // change_sets.cpp
  Answer create_change_set(Call call);
  Result<Reply> describe_change_set(Call& call);
  Result<Reply> execute_change_set(Call& call);
  Result<Reply> delete_change_set(Call& call);
  Result<Reply> list_change_sets(Call& call);
  // describe.cpp
  Result<Reply> describe_stacks(Call& call);
  Result<Reply> list_stacks(Call& call);
  Result<Reply> describe_stack_events(Call& call);
  Result<Reply> describe_stack_resource(Call& call);
  Result<Reply> describe_stack_resources(Call& call);
  Result<Reply> list_stack_resources(Call& call);
  Result<Reply> list_exports(Call& call);
  Result<Reply> list_imports(Call& call);
  // drift.cpp
  Answer detect_stack_drift(Call call);
  Answer detect_stack_resource_drift(Call call);
  Result<Reply> describe_stack_drift_detection_status(Call& call);
  Result<Reply> describe_stack_resource_drifts(Call& call);
  /// Looks at one resource and writes down what it found: a StackResourceDrift, or null if there is nothing
  /// to look at.
  Task<Json> look_at_resource(std::string stack_id, std::string logical_id, Instant now);
  // templates.cpp
  Result<Reply> get_template(Call& call);
  Answer get_template_summary(Call call);
  Answer validate_template(Call call);

  // wishes.cpp
  /// The template's text, from the body, from a bucket or from the stack as it is.
  Task<Result<std::string>> text_of_template(Call call);
  /// Everything that a call asks a stack to be. `known` has what a stack is already.
  Task<Result<Wish>> wish_of(Call call, Wish known);
  // transforms.cpp
  /// The wish's document as its transforms make it.
  Task<Result<Json>> transformed(Call call, Wish wish);
  /// What `AWS::Include` puts in.
  Task<Result<Json>> included(Json parameters);
  /// What a macro makes of a fragment. `values`: the template's parameters.
  Task<Result<Json>> ask_macro(Call call, std::string name, Json parameters, Json fragment, Json values);

  Result<Stack*> stack_of(const Call& call);
  Result<ChangeSet*> change_set_of(const Call& call, Stack*& stack);
  Stack new_stack(const Call& call);

  Clock& clock_;
  Random& ids_;
  Cloud& cloud_;
  StackStore store_;
  Deployer deployer_;
};

/// `Stack with id NAME does not exist`: clients look for just that.
AwsError no_such_stack(std::string_view name_or_id);
std::string text_member(const Json& input, const char* name);
/// Whether a template has anything that others make of it.
bool uses_transforms(const Json& document);
/// A stack that is not made by a change set must allow that.
Result<> check_expansion(const Wish& wish);

}  // namespace aviary::cloudformation
