#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/cloudformation/core/template.hpp"

namespace aviary::cloudformation {

struct StackResource {
  std::string logical_id;
  std::string type;
  std::string physical_id;
  std::string status;
  std::string reason;
  Json properties = Json::object();  ///< as the template gave them, resolved
  Json attributes = Json::object();  ///< what GetAtt gives
  Json definition = Json::object();  ///< the template's: policies, DependsOn, metadata
  Json shown;                        ///< properties with what is hidden masked, for events; null: as they are
  bool no_echo = false;              ///< what GetAtt gives of it is masked where properties are shown
  Instant changed{};
  Json drift;  ///< the last check, as DescribeStackResourceDrifts shows it; null: none since the last change
};

struct StackEvent {
  std::string id;
  std::string logical_id;
  std::string physical_id;
  std::string type;
  std::string status;
  std::string reason;
  std::string properties;  ///< JSON text
  std::string token;
  Instant at{};
};

struct Output {
  std::string key;
  std::string value;
  std::string description;
  std::string export_name;
};

/// What a caller asks a stack to be.
struct Wish {
  std::string text;                ///< the template as it was sent
  Json document = Json::object();  ///< transformed
  ParameterValues parameters;
  Json tags = Json::array();
  Json capabilities = Json::array();
  Json notification_arns = Json::array();
  Json rollback = Json::object();  ///< RollbackConfiguration: alarms that take it back, and for how long
  std::string role_arn;
  bool expands = false;  ///< whether transforms made the document; not kept
};

struct ChangeSet {
  std::string id;
  std::string name;
  std::string type;  ///< CREATE, UPDATE, IMPORT
  std::string status;
  std::string reason;
  std::string execution_status;
  std::string description;
  std::string on_failure;  ///< of the creation
  Wish wish;
  Json changes = Json::array();
  Json imports = Json::array();  ///< ResourcesToImport, or those that were found
  bool imports_existing = false;
  Instant created{};
};

struct Stack {
  std::string id;  ///< ARN
  std::string name;
  std::string account;
  std::string region;
  std::string status;
  std::string reason;
  std::string change_set_id;
  std::string parent_id;  ///< of a nested stack: the ARN of the one that has it
  std::string root_id;
  Wish wish;
  std::string stack_policy;
  bool disable_rollback = false;
  bool termination_protection = false;
  bool retain_except_on_create = false;  ///< going back, what was made goes, also if its policy is `Retain`
  int timeout_minutes = 0;               ///< of the creation; 0: none
  std::string on_failure;
  std::string token;  ///< ClientRequestToken of the operation that runs
  Instant created{};
  std::optional<Instant> updated;
  std::optional<Instant> deleted;
  std::map<std::string, StackResource> resources;
  std::vector<StackEvent> events;  ///< oldest first
  std::vector<Output> outputs;
  std::map<std::string, ChangeSet> change_sets;  ///< by name
  Json drift;                                    ///< StackDriftInformation; null: not checked as it is now
  Json drift_detections = Json::array();         ///< the last few, as their status is described

  bool is_deleted() const { return status == "DELETE_COMPLETE"; }
  bool is_busy() const { return status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS"; }
};

/// The same for the journal: a stack without its resources and events, which have records of their own.
Json stack_record(const Stack& stack);
Stack stack_from(const Json& record);
Json resource_record(const StackResource& resource);
StackResource resource_from(const Json& record);
Json event_record(const StackEvent& event);
StackEvent event_from(const Json& record);

}  // namespace aviary::cloudformation
