#include "services/lambda/core/attachments.hpp"

#include <fmt/format.h>

#include <vector>

#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {
namespace {

std::string attachment_key(const Function& function, std::string_view kind, std::string_view qualifier) {
  return fmt::format("{}/{}/{}/{}/{}", function.scope.account, function.scope.region, function.name, kind,
                     qualifier);
}

}  // namespace

const Json* FunctionStore::attached(const Function& function, std::string_view kind,
                                    std::string_view qualifier) const {
  const auto of_kind = function.attached.find(kind);
  if (of_kind == function.attached.end()) return nullptr;
  const auto found = of_kind->second.find(qualifier);
  return found == of_kind->second.end() ? nullptr : &found->second;
}

void FunctionStore::attach(Function& function, std::string_view kind, std::string_view qualifier,
                           Json document) {
  if (journal_.durable()) {
    attachment_records_.save(attachment_key(function, kind, qualifier),
                             Json{{"function", fmt::format("{}/{}/{}", function.scope.account,
                                                           function.scope.region, function.name)},
                                  {"kind", kind},
                                  {"qualifier", qualifier},
                                  {"document", document}});
  }
  function.attached[std::string(kind)][std::string(qualifier)] = std::move(document);
}

bool FunctionStore::detach(Function& function, std::string_view kind, std::string_view qualifier) {
  const auto of_kind = function.attached.find(kind);
  if (of_kind == function.attached.end()) return false;
  const auto found = of_kind->second.find(qualifier);
  if (found == of_kind->second.end()) return false;
  attachment_records_.erase(attachment_key(function, kind, qualifier));
  of_kind->second.erase(found);
  if (of_kind->second.empty()) function.attached.erase(of_kind);
  return true;
}

/// The version or alias goes, and with it what was attached to it.
void FunctionStore::detach_all(Function& function, std::string_view qualifier) {
  std::vector<std::string> kinds;
  for (const auto& [kind, by_qualifier] : function.attached)
    if (kind != attachment::url && by_qualifier.contains(qualifier)) kinds.push_back(kind);
  for (const std::string& kind : kinds) detach(function, kind, qualifier);
}

}  // namespace aviary::lambda
