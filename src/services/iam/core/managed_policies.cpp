#include "services/iam/core/managed_policies.hpp"

namespace aviary::iam {
namespace {

constexpr std::string_view managed_mark = ":iam::aws:policy/";

}  // namespace

const Json* managed_policy(std::string_view arn) {
  static const Json documents = Json::parse(managed_policy_rows);
  const std::size_t mark = arn.find(managed_mark);
  if (mark == std::string_view::npos) return nullptr;
  const auto found = documents.find(arn.substr(mark + managed_mark.size()));
  return found == documents.end() ? nullptr : &*found;
}

}  // namespace aviary::iam
