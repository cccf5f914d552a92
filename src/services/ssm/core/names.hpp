#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "services/ssm/core/parameter.hpp"

/// How parameters are named: `/app/db/url`, with a version (`:3`) or a label (`:prod`), or by ARN.
/// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
namespace aviary::ssm {

/// What a caller says who wants a parameter.
struct Reference {
  std::string name;
  std::string selector;       ///< `3`, `prod`; empty: the latest
  bool by_arn = false;        ///< then the first slash may or may not be part of the name
  bool is_elsewhere = false;  ///< an ARN of another account or region
};
Reference parse_reference(std::string_view text, const Scope& caller);

/// The name of a parameter that is to be made.
Result<> check_new_name(std::string_view name);
/// The path of GetParametersByPath.
Result<> check_path(std::string_view path);
/// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html
bool is_label(std::string_view text);

}  // namespace aviary::ssm
