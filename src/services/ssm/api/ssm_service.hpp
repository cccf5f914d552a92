#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "services/ssm/core/parameters.hpp"

namespace aviary::ssm {

struct SsmDependencies {
  Journal& journal;
};

/// AWS Systems Manager as the gateway sees it: the parameter store, and nothing else of it. A SecureString is
/// kept as it is given, there being no KMS; without decryption only an opaque text is shown.
class SsmService final : public TableService<SsmService> {
 public:
  explicit SsmService(SsmDependencies dependencies);

  static OperationTable<SsmService> operations();
  void restore() override { parameters_.restore(); }
  void reset() override { parameters_.clear(); }
  Json counts() const override { return {{"parameters", parameters_.size()}}; }

 private:
  // put_parameter.cpp
  Result<Reply> put_parameter(Call& call);
  Result<Reply> delete_parameter(Call& call);
  Result<Reply> delete_parameters(Call& call);
  // get_parameters.cpp
  Result<Reply> get_parameter(Call& call);
  Result<Reply> get_parameters(Call& call);
  Result<Reply> get_parameters_by_path(Call& call);
  Result<Reply> get_parameter_history(Call& call);
  Result<Reply> describe_parameters(Call& call);
  // labels_and_tags.cpp
  Result<Reply> label_parameter_version(Call& call);
  Result<Reply> unlabel_parameter_version(Call& call);
  Result<Reply> add_tags(Call& call);
  Result<Reply> remove_tags(Call& call);
  Result<Reply> list_tags(Call& call);

  /// By name or ARN; a version or a label in it is not looked at.
  Result<Parameter*> parameter_of(const Call& call);
  Result<Parameter*> tagged_parameter(const Call& call);

  Parameters parameters_;
};

Scope scope_of(const Call& call);
std::string ssm_text(const Json& input, const char* name);
/// AWS sends this one without a text.
AwsError parameter_not_found();
/// Where a page starts, from its token: after this name.
Result<std::string> start_of_page(const Json& input);
std::string page_token(std::string_view last);

}  // namespace aviary::ssm
