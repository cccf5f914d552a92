#include <fmt/format.h>

#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t most_labels = 10;

AwsError version_not_found(std::int64_t number, const std::string& name) {
  return {errors::ParameterVersionNotFound,
          fmt::format("Systems Manager could not find version {} of {}. Verify the version and try again.",
                      number, name)};
}

}  // namespace

Result<Reply> SsmService::label_parameter_version(Call& call) {
  const Result<Parameter*> found = parameter_of(call);
  if (!found) return found.error();
  Parameter& parameter = **found;
  const std::int64_t number = call.input.value("ParameterVersion", parameter.latest().number);
  Version* version = parameter.version(number);
  if (version == nullptr) return version_not_found(number, parameter.name);
  std::vector<std::string> labels;
  Json invalid = Json::array();
  for (const Json& each : call.input.at("Labels")) {
    std::string label = each.get<std::string>();
    if (!is_label(label)) {
      invalid.push_back(std::move(label));
    } else if (std::ranges::find(labels, label) == labels.end()) {
      labels.push_back(std::move(label));
    }
  }
  std::size_t count = version->labels.size();
  for (const std::string& label : labels)
    if (std::ranges::find(version->labels, label) == version->labels.end()) ++count;
  if (count > most_labels)
    return AwsError(
        errors::ParameterVersionLabelLimitExceeded,
        "A parameter version can have maximum 10 labels.Move one or more labels to another version "
        "and try again.");
  for (const std::string& label : labels) {
    // A label is on one version at a time.
    if (Version* holder = parameter.labelled(label)) std::erase(holder->labels, label);
    version->labels.push_back(label);
  }
  if (!labels.empty()) parameters_.save(parameter);
  Reply reply;
  reply.output = {{"InvalidLabels", std::move(invalid)}, {"ParameterVersion", number}};
  return reply;
}

Result<Reply> SsmService::unlabel_parameter_version(Call& call) {
  const Result<Parameter*> found = parameter_of(call);
  if (!found) return found.error();
  Parameter& parameter = **found;
  const std::int64_t number = call.input.at("ParameterVersion").get<std::int64_t>();
  Version* version = parameter.version(number);
  if (version == nullptr) return version_not_found(number, parameter.name);
  Reply reply;
  Json& removed = reply.output["RemovedLabels"] = Json::array();
  Json invalid = Json::array();
  for (const Json& each : call.input.at("Labels"))
    (std::erase(version->labels, each.get<std::string>()) != 0 ? removed : invalid).push_back(each);
  if (!removed.empty()) parameters_.save(parameter);
  reply.output["InvalidLabels"] = std::move(invalid);
  return reply;
}

}  // namespace aviary::ssm
