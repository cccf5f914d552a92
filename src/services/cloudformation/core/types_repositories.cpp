#include <cctype>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::ECR::Repository
namespace aviary::cloudformation {
namespace {

Step repository_call(const char* operation, Json input, bool removes = false) {
  return {.service = "ecr", .operation = operation, .input = std::move(input), .absent_is_fine = removes};
}

/// CloudFormation asks for names in small letters.
std::string repository_name(const Context& context, const Json& properties) {
  std::string name = context.name(properties, "RepositoryName", 256);
  if (property_text(properties, "RepositoryName").empty())
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

Json with_small_first(const Json& properties,
                      std::initializer_list<std::pair<const char*, const char*>> names) {
  Json out = Json::object();
  for (const auto& [ours, theirs] : names)
    if (properties.contains(ours))
      out[theirs] =
          properties[ours].is_structured() ? with_small_letters(properties[ours]) : properties[ours];
  return out;
}

/// Filters, which are spelled otherwise in a template.
Json exclusions_of(const Json& properties) {
  Json filters = Json::array();
  for (const Json& given : properties.value("ImageTagMutabilityExclusionFilters", Json::array()))
    filters.push_back({{"filterType", property_text(given, "ImageTagMutabilityExclusionFilterType")},
                       {"filter", property_text(given, "ImageTagMutabilityExclusionFilterValue")}});
  return filters;
}

/// What is said by operations of its own, where it differs from what was said before.
void append_policies(const Json& before, const Json& wanted, const std::string& name, Steps& steps) {
  if (differs(before, wanted, "LifecyclePolicy")) {
    const std::string text =
        property_text(wanted.value("LifecyclePolicy", Json::object()), "LifecyclePolicyText");
    if (!text.empty())
      steps.push_back(
          repository_call("PutLifecyclePolicy", {{"repositoryName", name}, {"lifecyclePolicyText", text}}));
    else if (before.contains("LifecyclePolicy"))
      steps.push_back(repository_call("DeleteLifecyclePolicy", {{"repositoryName", name}}, true));
  }
  if (differs(before, wanted, "RepositoryPolicyText")) {
    if (wanted.contains("RepositoryPolicyText"))
      steps.push_back(repository_call(
          "SetRepositoryPolicy",
          {{"repositoryName", name}, {"policyText", document_text(wanted["RepositoryPolicyText"])}}));
    else
      steps.push_back(repository_call("DeleteRepositoryPolicy", {{"repositoryName", name}}, true));
  }
}

Steps create_repository(const Context& context, const Json& properties) {
  const std::string name = repository_name(context, properties);
  Json input = with_small_first(properties, {{"ImageTagMutability", "imageTagMutability"},
                                             {"ImageScanningConfiguration", "imageScanningConfiguration"},
                                             {"EncryptionConfiguration", "encryptionConfiguration"}});
  if (const Json filters = exclusions_of(properties); !filters.empty())
    input["imageTagMutabilityExclusionFilters"] = filters;
  input["repositoryName"] = name;
  if (properties.contains("Tags")) input["tags"] = properties["Tags"];
  Steps steps{repository_call("CreateRepository", std::move(input))};
  append_policies(Json::object(), properties, name, steps);
  return steps;
}

Made made_repository(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json repository = outputs[0].value("repository", Json::object());
  return {repository.value("repositoryName", ""),
          {{"Arn", repository.value("repositoryArn", "")},
           {"RepositoryUri", repository.value("repositoryUri", "")}}};
}

Steps update_repository(const Context&, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Steps steps;
  if (differs(existing.properties, wanted, "ImageTagMutability") ||
      differs(existing.properties, wanted, "ImageTagMutabilityExclusionFilters")) {
    Json input{{"repositoryName", name},
               {"imageTagMutability", wanted.value("ImageTagMutability", Json("MUTABLE"))}};
    if (Json filters = exclusions_of(wanted); !filters.empty())
      input["imageTagMutabilityExclusionFilters"] = std::move(filters);
    steps.push_back(repository_call("PutImageTagMutability", std::move(input)));
  }
  if (differs(existing.properties, wanted, "ImageScanningConfiguration")) {
    Json scanning = with_small_letters(wanted.value("ImageScanningConfiguration", Json::object()));
    steps.push_back(
        repository_call("PutImageScanningConfiguration",
                        {{"repositoryName", name}, {"imageScanningConfiguration", std::move(scanning)}}));
  }
  append_policies(existing.properties, wanted, name, steps);
  if (differs(existing.properties, wanted, "Tags")) {
    const Json now = tag_map(wanted.value("Tags", Json::array()));
    Json gone = tags_gone(existing.properties, wanted);
    const Json about{{"resourceArn", existing.attributes.value("Arn", "")}};
    if (!gone.empty()) {
      steps.push_back(repository_call("UntagResource", about));
      steps.back().input["tagKeys"] = std::move(gone);
    }
    if (!now.empty()) {
      steps.push_back(repository_call("TagResource", about));
      steps.back().input["tags"] = wanted["Tags"];
    }
  }
  return steps;
}

Steps remove_repository(const Context&, const Existing& existing) {
  return {repository_call("DeleteRepository", {{"repositoryName", existing.physical_id}}, true)};
}

const ResourceType repository_rows[] = {
    {.name = "AWS::ECR::Repository",
     .replacing = {"RepositoryName", "EncryptionConfiguration"},
     .create = create_repository,
     .made = made_repository,
     .update = update_repository,
     .remove = remove_repository},
};

}  // namespace

std::span<const ResourceType> repository_types() { return repository_rows; }

}  // namespace aviary::cloudformation
