#include <fmt/format.h>

#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "services/ssm/core/filters.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

std::string shown_value(const Parameter& parameter, const Version& version, bool decrypted) {
  return version.type == "SecureString" && !decrypted ? ciphertext(parameter, version) : version.value;
}

Json parameter_row(const Parameter& parameter, const Version& version, const std::string& selector,
                   bool decrypted) {
  Json row{{"Name", parameter.name},
           {"Type", version.type},
           {"Value", shown_value(parameter, version, decrypted)},
           {"Version", version.number},
           {"LastModifiedDate", epoch_seconds(version.modified)},
           {"ARN", parameter_arn(parameter.scope, parameter.name)},
           {"DataType", version.data_type}};
  if (!selector.empty()) row["Selector"] = ":" + selector;
  return row;
}

/// What descriptions and histories have in common.
Json metadata_row(const Parameter& parameter, const Version& version) {
  Json row{{"Name", parameter.name},
           {"Type", version.type},
           {"LastModifiedDate", epoch_seconds(version.modified)},
           {"LastModifiedUser", fmt::format("arn:aws:iam::{}:root", parameter.scope.account)},
           {"Version", version.number},
           {"Tier", version.tier},
           {"Policies", Json::array()},
           {"DataType", version.data_type}};
  if (!version.key_id.empty()) row["KeyId"] = version.key_id;
  if (!version.description.empty()) row["Description"] = version.description;
  if (!version.allowed_pattern.empty()) row["AllowedPattern"] = version.allowed_pattern;
  return row;
}

}  // namespace

Result<Reply> SsmService::get_parameter(Call& call) {
  const Scope scope = reading_scope(call, ssm_text(call.input, "Name"));
  const Reference reference = parse_reference(ssm_text(call.input, "Name"), scope);
  Parameter* parameter = parameters_.find(scope, reference);
  if (parameter == nullptr) return parameter_not_found();
  const Version* version =
      reference.selector.empty() ? &parameter->latest() : parameter->selected(reference.selector);
  if (version == nullptr)
    return AwsError(
        errors::ParameterVersionNotFound,
        fmt::format("Systems Manager could not find version {} of {}. Verify the version and try again.",
                    reference.selector, parameter->name));
  Reply reply;
  reply.output["Parameter"] =
      parameter_row(*parameter, *version, reference.selector, call.input.value("WithDecryption", false));
  return reply;
}

Result<Reply> SsmService::get_parameters(Call& call) {
  const bool decrypted = call.input.value("WithDecryption", false);
  Reply reply;
  Json& rows = reply.output["Parameters"] = Json::array();
  Json invalid = Json::array();
  for (const Json& each : call.input.at("Names")) {
    const std::string name = each.get<std::string>();
    const Scope scope = reading_scope(call, name);
    const Reference reference = parse_reference(name, scope);
    Parameter* parameter = parameters_.find(scope, reference);
    const Version* version = parameter == nullptr         ? nullptr
                             : reference.selector.empty() ? &parameter->latest()
                                                          : parameter->selected(reference.selector);
    if (version != nullptr) {
      rows.push_back(parameter_row(*parameter, *version, reference.selector, decrypted));
    } else {
      invalid.push_back(name);
    }
  }
  reply.output["InvalidParameters"] = std::move(invalid);
  return reply;
}

Result<Reply> SsmService::get_parameters_by_path(Call& call) {
  const std::string path = ssm_text(call.input, "Path");
  const Json filters = call.input.value("ParameterFilters", Json::array());
  if (const Result<> valid = check_path(path); !valid) return valid.error();
  if (const Result<> valid = check_filters(filters, FilterUse::ByPath); !valid) return valid.error();
  const Result<std::string> start = start_of_page(call.input);
  if (!start) return start.error();
  const auto limit = call.input.value("MaxResults", std::size_t{10});
  const bool recursive = call.input.value("Recursive", false);
  Reply reply;
  Json& rows = reply.output["Parameters"] = Json::array();
  std::string last;
  for (const auto& [name, parameter] : parameters_.in(scope_of(call))) {
    if (name <= *start || !is_under(name, path, recursive) || !matches_filters(parameter, filters)) continue;
    if (rows.size() == limit) {
      reply.output["NextToken"] = page_token(last);
      break;
    }
    rows.push_back(
        parameter_row(parameter, parameter.latest(), "", call.input.value("WithDecryption", false)));
    last = name;
  }
  return reply;
}

Result<Reply> SsmService::get_parameter_history(Call& call) {
  const Result<Parameter*> found = parameter_of(call);
  if (!found) return found.error();
  const Result<std::string> start = start_of_page(call.input);
  if (!start) return start.error();
  const auto limit = call.input.value("MaxResults", std::size_t{50});
  const Parameter& parameter = **found;
  Reply reply;
  Json& rows = reply.output["Parameters"] = Json::array();
  for (const Version& version : parameter.versions) {
    // Tokens sort as numbers do.
    const std::string place = fmt::format("{:020}", version.number);
    if (place <= *start) continue;
    if (rows.size() == limit) {
      reply.output["NextToken"] = page_token(fmt::format("{:020}", version.number - 1));
      break;
    }
    Json row = metadata_row(parameter, version);
    row["Value"] = shown_value(parameter, version, call.input.value("WithDecryption", false));
    row["Labels"] = version.labels;
    rows.push_back(std::move(row));
  }
  return reply;
}

Result<Reply> SsmService::describe_parameters(Call& call) {
  Json filters = call.input.value("ParameterFilters", Json::array());
  const Json old_filters = call.input.value("Filters", Json::array());
  if (!filters.empty() && !old_filters.empty())
    return AwsError(errors::ValidationException,
                    "You can use either Filters or ParameterFilters in a single request.");
  // The older kind: names by their beginning, all else by equality.
  for (Json filter : old_filters) {
    if (filter["Key"] == "Name") filter["Option"] = "BeginsWith";
    filters.push_back(std::move(filter));
  }
  if (const Result<> valid = check_filters(filters, FilterUse::Describe); !valid) return valid.error();
  const Result<std::string> start = start_of_page(call.input);
  if (!start) return start.error();
  const auto limit = call.input.value("MaxResults", std::size_t{50});
  Reply reply;
  Json& rows = reply.output["Parameters"] = Json::array();
  // Nothing is shared with other accounts here.
  if (call.input.value("Shared", false)) return reply;
  std::string last;
  for (const auto& [name, parameter] : parameters_.in(scope_of(call))) {
    if (name <= *start || !matches_filters(parameter, filters)) continue;
    if (rows.size() == limit) {
      reply.output["NextToken"] = page_token(last);
      break;
    }
    Json row = metadata_row(parameter, parameter.latest());
    row["ARN"] = parameter_arn(parameter.scope, name);
    rows.push_back(std::move(row));
    last = name;
  }
  return reply;
}

}  // namespace aviary::ssm
