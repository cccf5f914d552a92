#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "services/cloudformation/core/systems_steps.hpp"

/// AWS::SSM::* but for parameters and maintenance windows.
namespace aviary::cloudformation {
namespace {

/// What `members` say, and the tags.
Json systems_input(const Context& context, const Json& properties,
                   std::initializer_list<const char*> members) {
  Json input = Json::object();
  copy_properties(properties, input, members);
  if (Json tags = tags_with_stack(context, properties); !tags.empty()) input["Tags"] = std::move(tags);
  return input;
}

// Document

std::string document_name(const Context& context, const Json& properties) {
  return context.name(properties, "Name", 128);
}

Json document_input(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"Attachments", "VersionName", "DocumentFormat", "TargetType"});
  input["Content"] = document_text(properties.value("Content", Json("")));
  return input;
}

Steps create_document(const Context& context, const Json& properties) {
  Json input = document_input(properties);
  input["Name"] = document_name(context, properties);
  copy_properties(properties, input, {"DocumentType", "Requires"});
  if (Json tags = tags_with_stack(context, properties); !tags.empty()) input["Tags"] = std::move(tags);
  return {systems_call("CreateDocument", std::move(input))};
}
Made made_document(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {document_name(context, properties)};
}
/// A new version, which becomes the default one.
Steps update_document(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps;
  bool says_more = false;
  for (const char* member : {"Content", "VersionName", "DocumentFormat", "TargetType"})
    says_more = says_more || differs(existing.properties, wanted, member);
  if (says_more) {
    Json input = document_input(wanted);
    input["Name"] = existing.physical_id;
    input["DocumentVersion"] = "$LATEST";
    steps.push_back(systems_call("UpdateDocument", std::move(input)));
    steps.push_back(systems_call("UpdateDocumentDefaultVersion", {{"Name", existing.physical_id}}));
    steps.back().fill = [](Json& input, const std::vector<Json>& outputs) {
      input["DocumentVersion"] = outputs.back()["DocumentDescription"]["DocumentVersion"];
    };
  }
  append_tag_steps(context, "Document", existing, wanted, steps);
  return steps;
}
Steps remove_document(const Context&, const Existing& existing) {
  return {systems_call("DeleteDocument", {{"Name", existing.physical_id}}, true)};
}
/// `UpdateMethod`: unless it is NewVersion, a document that says something else is another one.
bool replaces_document(std::string_view property, const Json& after) {
  return property != "Tags" && property != "UpdateMethod" &&
         property_text(after, "UpdateMethod") != "NewVersion";
}

// PatchBaseline

constexpr std::initializer_list<const char*> baseline_properties{"OperatingSystem",
                                                                 "Name",
                                                                 "GlobalFilters",
                                                                 "ApprovalRules",
                                                                 "ApprovedPatches",
                                                                 "ApprovedPatchesComplianceLevel",
                                                                 "ApprovedPatchesEnableNonSecurity",
                                                                 "RejectedPatches",
                                                                 "RejectedPatchesAction",
                                                                 "Description",
                                                                 "Sources",
                                                                 "AvailableSecurityUpdatesComplianceStatus"};

Json baseline_in(const std::vector<Json>& outputs) { return outputs[0].value("BaselineId", Json()); }

Steps create_baseline(const Context& context, const Json& properties) {
  Steps steps{systems_call("CreatePatchBaseline", systems_input(context, properties, baseline_properties))};
  const auto of_baseline = [](Json& input, const std::vector<Json>& outputs) {
    input["BaselineId"] = baseline_in(outputs);
  };
  for (const Json& group : properties.value("PatchGroups", Json::array())) {
    steps.push_back(systems_call("RegisterPatchBaselineForPatchGroup", {{"PatchGroup", group}}));
    steps.back().fill = of_baseline;
  }
  if (properties.value("DefaultBaseline", Json()) == true) {
    steps.push_back(systems_call("RegisterDefaultPatchBaseline", Json::object()));
    steps.back().fill = of_baseline;
  }
  return steps;
}
Made made_baseline(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = property_text(outputs[0], "BaselineId");
  return {id, {{"Id", id}}};
}
Steps update_baseline(const Context& context, const Existing& existing, const Json& wanted) {
  Json input{{"BaselineId", existing.physical_id}, {"Replace", true}};
  copy_properties(wanted, input, baseline_properties);
  input.erase("OperatingSystem");
  Steps steps{systems_call("UpdatePatchBaseline", std::move(input))};
  const Json before = existing.properties.value("PatchGroups", Json::array());
  const Json after = wanted.value("PatchGroups", Json::array());
  const auto append_groups = [&](const Json& of, const Json& not_of, const char* operation) {
    for (const Json& group : of)
      if (std::ranges::find(not_of, group) == not_of.end())
        steps.push_back(
            systems_call(operation, {{"BaselineId", existing.physical_id}, {"PatchGroup", group}}));
  };
  append_groups(before, after, "DeregisterPatchBaselineForPatchGroup");
  append_groups(after, before, "RegisterPatchBaselineForPatchGroup");
  if (differs(existing.properties, wanted, "DefaultBaseline") &&
      wanted.value("DefaultBaseline", Json()) == true)
    steps.push_back(systems_call("RegisterDefaultPatchBaseline", {{"BaselineId", existing.physical_id}}));
  append_tag_steps(context, "PatchBaseline", existing, wanted, steps);
  return steps;
}
Steps remove_baseline(const Context&, const Existing& existing) {
  Steps steps;
  for (const Json& group : existing.properties.value("PatchGroups", Json::array()))
    steps.push_back(systems_call("DeregisterPatchBaselineForPatchGroup",
                                 {{"BaselineId", existing.physical_id}, {"PatchGroup", group}}, true));
  steps.push_back(systems_call("DeletePatchBaseline", {{"BaselineId", existing.physical_id}}, true));
  return steps;
}

// Association

constexpr std::initializer_list<const char*> association_properties{"Name",
                                                                    "DocumentVersion",
                                                                    "InstanceId",
                                                                    "Parameters",
                                                                    "Targets",
                                                                    "ScheduleExpression",
                                                                    "OutputLocation",
                                                                    "AssociationName",
                                                                    "AutomationTargetParameterName",
                                                                    "MaxErrors",
                                                                    "MaxConcurrency",
                                                                    "ComplianceSeverity",
                                                                    "SyncCompliance",
                                                                    "ApplyOnlyAtCronInterval",
                                                                    "CalendarNames",
                                                                    "ScheduleOffset"};

Steps create_association(const Context& context, const Json& properties) {
  return {systems_call("CreateAssociation", systems_input(context, properties, association_properties))};
}
Made made_association(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id =
      property_text(outputs[0].value("AssociationDescription", Json::object()), "AssociationId");
  return {id, {{"AssociationId", id}}};
}
Steps update_association(const Context& context, const Existing& existing, const Json& wanted) {
  Json input{{"AssociationId", existing.physical_id}};
  copy_properties(wanted, input, association_properties);
  input.erase("InstanceId");
  Steps steps{systems_call("UpdateAssociation", std::move(input))};
  append_tag_steps(context, "Association", existing, wanted, steps);
  return steps;
}
Steps remove_association(const Context&, const Existing& existing) {
  return {systems_call("DeleteAssociation", {{"AssociationId", existing.physical_id}}, true)};
}

// ResourceDataSync

Steps create_sync(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"SyncName", "SyncType", "SyncSource", "S3Destination"});
  // As templates said it before there was S3Destination.
  if (properties.contains("BucketName")) {
    Json& destination = input["S3Destination"];
    copy_properties(properties, destination, {"BucketName", "SyncFormat"});
    for (const auto& [ours, theirs] :
         {std::pair{"BucketRegion", "Region"}, std::pair{"BucketPrefix", "Prefix"},
          std::pair{"KMSKeyArn", "AWSKMSKeyARN"}})
      if (properties.contains(ours)) destination[theirs] = properties[ours];
  } else if (input.contains("S3Destination")) {
    Json destination = Json::object();
    for (const auto& [ours, theirs] :
         {std::pair{"BucketName", "BucketName"}, std::pair{"BucketPrefix", "Prefix"},
          std::pair{"BucketRegion", "Region"}, std::pair{"KMSKeyArn", "AWSKMSKeyARN"},
          std::pair{"SyncFormat", "SyncFormat"}})
      if (input["S3Destination"].contains(ours)) destination[theirs] = input["S3Destination"][ours];
    input["S3Destination"] = std::move(destination);
  }
  return {systems_call("CreateResourceDataSync", std::move(input))};
}
Made made_sync(const Context&, const Json& properties, const std::vector<Json>&) {
  const std::string name = property_text(properties, "SyncName");
  return {name, {{"SyncName", name}}};
}
Json sync_identity(const Existing& existing) {
  Json input{{"SyncName", existing.physical_id}};
  copy_properties(existing.properties, input, {"SyncType"});
  return input;
}
Steps update_sync(const Context&, const Existing& existing, const Json& wanted) {
  Json input = sync_identity(existing);
  copy_properties(wanted, input, {"SyncSource"});
  return {systems_call("UpdateResourceDataSync", std::move(input))};
}
Steps remove_sync(const Context&, const Existing& existing) {
  return {systems_call("DeleteResourceDataSync", sync_identity(existing), true)};
}

// ResourcePolicy

Json policy_input(const Json& properties) {
  return {{"ResourceArn", properties.value("ResourceArn", Json())},
          {"Policy", document_text(properties.value("Policy", Json::object()))}};
}

Steps put_resource_policy(const Context&, const Json& properties) {
  return {systems_call("PutResourcePolicy", policy_input(properties))};
}
Made made_resource_policy(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  const std::string id = property_text(outputs[0], "PolicyId");
  return {fmt::format("{}|{}", id, property_text(properties, "ResourceArn")),
          {{"PolicyId", id}, {"PolicyHash", property_text(outputs[0], "PolicyHash")}}};
}
Steps update_resource_policy(const Context&, const Existing& existing, const Json& wanted) {
  Json input = policy_input(wanted);
  copy_properties(existing.attributes, input, {"PolicyId", "PolicyHash"});
  return {systems_call("PutResourcePolicy", std::move(input))};
}
Json resource_policy_attributes(const Context&, const Existing& existing, const Json& wanted) {
  Json attributes = existing.attributes;
  attributes["PolicyHash"] = hex_encode(sha256(property_text(policy_input(wanted), "Policy")));
  return attributes;
}
Steps remove_resource_policy(const Context&, const Existing& existing) {
  Json input = existing.attributes;
  input["ResourceArn"] = existing.properties.value("ResourceArn", Json());
  return {systems_call("DeleteResourcePolicy", std::move(input), true)};
}

}  // namespace

std::span<const ResourceType> systems_types() {
  static const ResourceType types[] = {
      {"AWS::SSM::Association",
       {"Name", "InstanceId"},
       create_association,
       made_association,
       update_association,
       remove_association},
      {.name = "AWS::SSM::Document",
       .replacing = {"Name", "DocumentType", "Requires", "Attachments"},
       .create = create_document,
       .made = made_document,
       .update = update_document,
       .remove = remove_document,
       .replaces = replaces_document},
      {"AWS::SSM::PatchBaseline",
       {"OperatingSystem"},
       create_baseline,
       made_baseline,
       update_baseline,
       remove_baseline},
      {"AWS::SSM::ResourceDataSync",
       {"SyncName", "SyncType", "S3Destination", "BucketName", "BucketPrefix", "BucketRegion", "KMSKeyArn",
        "SyncFormat"},
       create_sync,
       made_sync,
       update_sync,
       remove_sync},
      {"AWS::SSM::ResourcePolicy",
       {"ResourceArn"},
       put_resource_policy,
       made_resource_policy,
       update_resource_policy,
       remove_resource_policy,
       resource_policy_attributes},
  };
  return types;
}

}  // namespace aviary::cloudformation
