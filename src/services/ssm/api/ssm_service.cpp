#include "services/ssm/api/ssm_service.hpp"

#include "base/encoding.hpp"
#include "models/ssm.hpp"

namespace aviary::ssm {

/// Which member answers which operation.
OperationTable<SsmService> SsmService::operations() {
  using S = SsmService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddTagsToResource", &S::add_tags},
      {"DeleteParameter", &S::delete_parameter},
      {"DeleteParameters", &S::delete_parameters},
      {"DescribeParameters", &S::describe_parameters},
      {"GetParameter", &S::get_parameter},
      {"GetParameterHistory", &S::get_parameter_history},
      {"GetParameters", &S::get_parameters},
      {"GetParametersByPath", &S::get_parameters_by_path},
      {"LabelParameterVersion", &S::label_parameter_version},
      {"ListTagsForResource", &S::list_tags},
      {"PutParameter", &S::put_parameter},
      {"RemoveTagsFromResource", &S::remove_tags},
      {"UnlabelParameterVersion", &S::unlabel_parameter_version},
  };
  return {models::ssm::service, "Systems Manager", entries};
}

SsmService::SsmService(SsmDependencies d) : parameters_(d.journal) {}

Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

std::string ssm_text(const Json& input, const char* name) { return input.value(name, std::string()); }

AwsError parameter_not_found() {
  AwsError error(models::ssm::errors::ParameterNotFound, "");
  error.omit_message = true;
  return error;
}

Result<std::string> start_of_page(const Json& input) {
  const std::string token = ssm_text(input, "NextToken");
  std::optional<std::string> name = base64_decode(token);
  if (!name) return AwsError(models::ssm::errors::InvalidNextToken, "The specified token is not valid.");
  return std::move(*name);
}

std::string page_token(std::string_view last) { return base64_encode(last); }

Result<Parameter*> SsmService::parameter_of(const Call& call) {
  const Scope scope = scope_of(call);
  Parameter* found = parameters_.find(scope, parse_reference(ssm_text(call.input, "Name"), scope));
  if (found == nullptr) return parameter_not_found();
  return found;
}

}  // namespace aviary::ssm
