#include "services/ssm/core/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/ssm.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t longest_name = 1011;  ///< of which the ARN's beginning would be part at AWS
constexpr std::ptrdiff_t most_levels = 15;

bool is_name_character(unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; }

std::string in_small_letters(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

AwsError invalid_name(std::string_view text) { return {errors::ValidationException, std::string(text)}; }

constexpr std::string_view bad_path =
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a "
    "forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only "
    "letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters "
    "are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: "
    "/get/parameters2-/by1./path0_.";

}  // namespace

Reference parse_reference(std::string_view text, const Scope& caller) {
  Reference reference;
  std::string_view name = text;
  if (text.starts_with("arn:")) {
    const std::string ours = fmt::format("arn:aws:ssm:{}:{}:parameter/", caller.region, caller.account);
    reference.by_arn = true;
    if (!text.starts_with(ours)) {
      reference.is_elsewhere = true;
      return reference;
    }
    name.remove_prefix(ours.size() - 1);
  }
  const std::size_t colon = name.find(':');
  reference.name = name.substr(0, colon);
  if (colon != std::string_view::npos) reference.selector = name.substr(colon + 1);
  return reference;
}

Result<> check_new_name(std::string_view name) {
  const std::string small = in_small_letters(name.starts_with('/') ? name.substr(1) : name);
  const bool is_path = std::ranges::count(name, '/') > 1;
  if (small.starts_with("aws") || small.starts_with("ssm")) {
    if (small.starts_with("aws") && is_path)
      return AwsError(errors::AccessDeniedException,
                      fmt::format("No access to reserved parameter name: {}.", name));
    if (!is_path)
      return invalid_name("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).");
  }
  const bool has_others =
      !std::ranges::all_of(name, [](unsigned char c) { return c == '/' || is_name_character(c); });
  if (small.starts_with("ssm") || has_others || name.find("//") != std::string_view::npos || small.empty())
    return invalid_name(
        "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can "
        "consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, "
        "numbers and the following 3 symbols .-_");
  if (name.ends_with('/')) return invalid_name("Parameter name must not end with slash.");
  if (name.find('/') != std::string_view::npos && !name.starts_with('/'))
    return invalid_name("Parameter name must be a fully qualified name.");
  if (name.size() > longest_name)
    return invalid_name(fmt::format("Parameter name must not be longer than {} characters.", longest_name));
  if (std::ranges::count(name, '/') > most_levels)
    return AwsError(errors::HierarchyLevelLimitExceededException,
                    "A hierarchy can have a maximum of 15 levels. For more information, see Requirements and "
                    "constraints for parameter names in the AWS Systems Manager User Guide.");
  return {};
}

Result<> check_path(std::string_view path) {
  const bool fits =
      path.starts_with('/') && path.find("//") == std::string_view::npos &&
      std::ranges::all_of(path, [](unsigned char c) { return c == '/' || is_name_character(c); });
  if (!fits) return invalid_name(bad_path);
  return {};
}

bool is_label(std::string_view text) {
  const std::string small = in_small_letters(text);
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, is_name_character) &&
         !(text[0] >= '0' && text[0] <= '9') && !small.starts_with("aws") && !small.starts_with("ssm");
}

}  // namespace aviary::ssm
