#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "wire/protocol.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

NewVersion wanted_version(const Json& input) {
  return {.type = ssm_text(input, "Type"),
          .value = ssm_text(input, "Value"),
          .key_id = ssm_text(input, "KeyId"),
          .tier = ssm_text(input, "Tier"),
          .description = ssm_text(input, "Description"),
          .allowed_pattern = ssm_text(input, "AllowedPattern"),
          .data_type = ssm_text(input, "DataType")};
}

}  // namespace

Result<Reply> SsmService::put_parameter(Call& call) {
  const Scope scope = scope_of(call);
  const Reference reference = parse_reference(ssm_text(call.input, "Name"), scope);
  const Json tags = call.input.value("Tags", Json::array());
  const bool overwrites = call.input.value("Overwrite", false);
  if (const std::string policies = ssm_text(call.input, "Policies"); !policies.empty() && policies != "[]")
    return AwsError(wire::errors::NotImplemented,
                    "Parameter policies (expiration and notifications) are not part of Aviary.");
  if (overwrites && !tags.empty())
    return AwsError(
        errors::ValidationException,
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
        "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
        "RemoveTagsFromResource.");
  Parameter* existing = parameters_.find(scope, reference);
  if (existing == nullptr || reference.by_arn || !reference.selector.empty()) {
    const std::string name = ssm_text(call.input, "Name");
    if (const Result<> valid = check_new_name(name); !valid) return valid.error();
  } else if (!overwrites) {
    return AwsError(errors::ParameterAlreadyExists,
                    "The parameter already exists. To overwrite this value, set the overwrite option in the "
                    "request to true.");
  }
  NewVersion wanted = wanted_version(call.input);
  if (existing != nullptr) {
    // What an update leaves out stays: AWS keeps description, pattern, key and data type.
    const Version& latest = existing->latest();
    if (!call.input.contains("Description")) wanted.description = latest.description;
    if (!call.input.contains("AllowedPattern")) wanted.allowed_pattern = latest.allowed_pattern;
    if (!call.input.contains("DataType")) wanted.data_type = latest.data_type;
    if (!call.input.contains("KeyId") && latest.type == "SecureString") wanted.key_id = latest.key_id;
  }
  Result<Version> version =
      next_version(existing != nullptr ? &existing->latest() : nullptr, std::move(wanted), call.now);
  if (!version) return version.error();
  Reply reply;
  reply.output = {{"Version", version->number}, {"Tier", version->tier}};
  if (existing != nullptr) {
    if (const Result<> appended = append_version(*existing, std::move(*version)); !appended)
      return appended.error();
    parameters_.save(*existing);
    return reply;
  }
  Parameter fresh;
  fresh.scope = scope;
  fresh.name = reference.name;
  fresh.versions.push_back(std::move(*version));
  for (const Json& tag : tags) fresh.tags[ssm_text(tag, "Key")] = ssm_text(tag, "Value");
  parameters_.save(parameters_.add(std::move(fresh)));
  return reply;
}

Result<Reply> SsmService::delete_parameter(Call& call) {
  const Result<Parameter*> found = parameter_of(call);
  if (!found) return found.error();
  parameters_.erase(**found);
  return Reply{};
}

Result<Reply> SsmService::delete_parameters(Call& call) {
  const Scope scope = scope_of(call);
  Reply reply;
  Json& deleted = reply.output["DeletedParameters"] = Json::array();
  Json invalid = Json::array();
  for (const Json& each : call.input.at("Names")) {
    const std::string name = each.get<std::string>();
    if (const Parameter* found = parameters_.find(scope, parse_reference(name, scope))) {
      deleted.push_back(found->name);
      parameters_.erase(*found);
    } else {
      invalid.push_back(name);
    }
  }
  reply.output["InvalidParameters"] = std::move(invalid);
  return reply;
}

}  // namespace aviary::ssm
