#include "services/ssm/core/parameters.hpp"

#include <fmt/format.h>

#include "models/ssm.hpp"
#include "services/ssm/core/allowed_pattern.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t most_versions = 100;
constexpr std::size_t longest_standard = 4096;
constexpr std::size_t longest_advanced = 8192;

AwsError invalid(std::string text) { return {errors::ValidationException, std::move(text)}; }

}  // namespace

Parameter* Parameters::find(const Scope& scope, const Reference& reference) {
  if (reference.is_elsewhere) return nullptr;
  ByName& all = parameters_[scope];
  auto found = all.find(reference.name);
  if (found == all.end() && reference.by_arn) found = all.find(std::string_view(reference.name).substr(1));
  return found != all.end() ? &found->second : nullptr;
}

Parameter& Parameters::add(Parameter parameter) {
  std::string name = parameter.name;
  return parameters_[parameter.scope].insert_or_assign(std::move(name), std::move(parameter)).first->second;
}

void Parameters::erase(const Parameter& parameter) {
  records_.erase(key_of(parameter));
  ByName& all = parameters_[parameter.scope];
  all.erase(all.find(parameter.name));
}

void Parameters::restore() {
  records_.load([this](std::string_view, Json record) { add(parameter_from(record)); });
}

std::size_t Parameters::size() const {
  std::size_t count = 0;
  for (const auto& [scope, all] : parameters_) count += all.size();
  return count;
}

Result<Version> next_version(const Version* latest, NewVersion wanted, Instant now) {
  Version version;
  version.modified = now;
  version.value = std::move(wanted.value);
  version.type = std::move(wanted.type);
  if (latest != nullptr) {
    version.number = latest->number + 1;
    // AWS lets a String become a StringList, but nothing become or cease to be secure.
    if (version.type.empty()) version.type = latest->type;
    if (version.type != latest->type && (version.type == "SecureString" || latest->type == "SecureString"))
      return AwsError(
          errors::HierarchyTypeMismatchException,
          "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, "
          "you can't change a parameter from a String type to a SecureString type. You must create "
          "a new, unique parameter.");
  }
  if (version.type.empty()) return invalid("A parameter type is required when you create a parameter.");
  if (version.value.empty())
    return invalid(
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1.");
  const bool was_advanced = latest != nullptr && latest->tier == "Advanced";
  if (was_advanced && wanted.tier == "Standard")
    return invalid(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
        "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
        "parameter and recreate it as a standard parameter.");
  const bool too_long_for_standard = version.value.size() > longest_standard;
  const bool is_advanced = was_advanced || wanted.tier == "Advanced" ||
                           (wanted.tier == "Intelligent-Tiering" && too_long_for_standard);
  if (!is_advanced && too_long_for_standard)
    return invalid(fmt::format(
        "Standard tier parameters support a maximum parameter value of {} characters. To create a "
        "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For "
        "more information, see "
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
        "parameter-store-advanced-parameters.html",
        longest_standard));
  if (version.value.size() > longest_advanced)
    return invalid(fmt::format("Advanced tier parameters support a maximum parameter value of {} characters.",
                               longest_advanced));
  version.tier = is_advanced ? "Advanced" : "Standard";
  version.data_type = wanted.data_type.empty() ? "text" : std::move(wanted.data_type);
  if (version.data_type != "text" && version.data_type != "aws:ssm:integration")
    return invalid(
        fmt::format("The following data type is not supported: {} (Data type names are all "
                    "lowercase.)",
                    version.data_type));
  if (version.type == "SecureString") {
    version.key_id = wanted.key_id.empty() ? "alias/aws/ssm" : std::move(wanted.key_id);
  } else if (!wanted.key_id.empty()) {
    return invalid("KeyId is allowed for SecureString parameters only.");
  }
  version.allowed_pattern = std::move(wanted.allowed_pattern);
  if (!version.allowed_pattern.empty()) {
    const PatternVerdict verdict = match_allowed_pattern(version.allowed_pattern, version.value);
    if (verdict == PatternVerdict::NoPattern)
      return AwsError(
          errors::InvalidAllowedPatternException,
          fmt::format("The request doesn't meet the regular expression requirement: the AllowedPattern {} is "
                      "not a regular expression.",
                      version.allowed_pattern));
    if (verdict == PatternVerdict::Differs)
      return AwsError(errors::ParameterPatternMismatchException,
                      fmt::format("Parameter value, cannot be validated against allowedPattern: {}",
                                  version.allowed_pattern));
  }
  version.description = std::move(wanted.description);
  return version;
}

Result<> append_version(Parameter& parameter, Version version) {
  if (parameter.versions.size() >= most_versions) {
    const Version& oldest = parameter.versions.front();
    if (!oldest.labels.empty())
      return AwsError(
          errors::ParameterMaxVersionLimitExceeded,
          fmt::format("You attempted to create a new version of {} by calling the PutParameter API with the "
                      "overwrite flag. Version {}, the oldest version, can't be deleted because it has a "
                      "label associated with it. Move the label to another version of the parameter, and try "
                      "again.",
                      parameter.name, oldest.number));
    parameter.versions.erase(parameter.versions.begin());
  }
  parameter.versions.push_back(std::move(version));
  return {};
}

}  // namespace aviary::ssm
