#include <fmt/format.h>

#include <charconv>

#include "base/log.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

Json code_location(const Version& version, const std::string& base_url) {
  if (is_live(version.code))
    return Json{{"RepositoryType", "S3"}, {"Location", "file://" + version.code->folder.string()}};
  if (version.code && !version.code->image) {
    return Json{{"RepositoryType", "S3"}, {"Location", package_location(*version.code, base_url)}};
  }
  const std::string& uri = version.configuration->image_uri;
  const std::string repository = uri.substr(0, uri.find_first_of("@:", uri.rfind('/') + 1));
  return Json{{"RepositoryType", "ECR"},
              {"ImageUri", uri},
              {"ResolvedImageUri", fmt::format("{}@sha256:{}", repository, code_sha256(version))}};
}

}  // namespace

Result<Reply> LambdaService::get_function(Call& call) {
  const Result<Target> target = target_of(call);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const Snapshot* snapshot = function ? store_.find_qualified(*function, target->qualifier) : nullptr;
  if (!snapshot) return function_not_found(target->scope, target->name, target->qualifier);
  Reply reply;
  reply.output["Configuration"] = render_configuration(*snapshot, target->qualifier);
  reply.output["Code"] = code_location(*snapshot->version, call.base_url);
  if (!function->tags.empty()) reply.output["Tags"] = function->tags;
  if (const std::int64_t reserved = reserved_of(store_, *function); reserved >= 0)
    reply.output["Concurrency"] = {{"ReservedConcurrentExecutions", reserved}};
  return reply;
}

Result<Reply> LambdaService::get_function_configuration(Call& call) {
  const Result<Target> target = target_of(call);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const Snapshot* snapshot = function ? store_.find_qualified(*function, target->qualifier) : nullptr;
  if (!snapshot) return function_not_found(target->scope, target->name, target->qualifier);
  return Reply{.output = render_configuration(*snapshot, target->qualifier)};
}

Result<Reply> LambdaService::list_functions(Call& call) {
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Scope scope{.account = call.account, .region = call.region};
  const bool all_versions = text_of(call.input, "FunctionVersion") == "ALL";
  const std::string& master = text_of(call.input, "MasterRegion");
  Reply reply;
  Json& list = reply.output["Functions"] = Json::array();
  // There is no Lambda@Edge here: no function has its master in another region.
  if (!master.empty() && master != "ALL" && master != scope.region) return reply;

  // The marker names the last item shown: a function, and after a space how far its versions were listed.
  const std::size_t space = page->after.find(' ');
  const std::string last_name = page->after.substr(0, space);
  std::uint64_t last_number = 0;
  const bool inside = space != std::string::npos;
  if (inside) {
    std::from_chars(page->after.data() + space + 1, page->after.data() + page->after.size(), last_number);
  }
  const FunctionStore::Functions& functions = store_.functions(scope);
  auto next = page->after.empty() ? functions.begin()
              : inside            ? functions.lower_bound(last_name)
                                  : functions.upper_bound(last_name);
  std::string last;
  for (; next != functions.end(); ++next) {
    Function& function = *next->second;
    store_.settle(function, moment());
    const bool resumed = inside && function.name == last_name;
    if (!resumed) {
      if (list.size() == page->size) break;
      list.push_back(
          render_configuration(function.latest, all_versions ? latest_qualifier : "", Detail::Listed));
      last = all_versions ? function.name + " 0" : function.name;
    }
    if (!all_versions) continue;
    auto version = function.versions.upper_bound(resumed ? last_number : 0);
    for (; version != function.versions.end() && list.size() < page->size; ++version) {
      list.push_back(render_configuration(version->second, version->second.version->number, Detail::Listed));
      last = fmt::format("{} {}", function.name, version->first);
    }
    if (version != function.versions.end()) break;
  }
  if (next != functions.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

Result<Reply> LambdaService::delete_function(Call& call) {
  const Result<Target> target = target_of(call);
  if (!target) return target.error();
  if (target->qualifier == latest_qualifier) {
    return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  }
  if (is_alias_name(target->qualifier)) {
    return invalid_parameter("Deletion of aliases is not currently supported.");
  }
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  if (!target->qualifier.empty()) {
    // A number that was never published is no error (recorded: test_delete_on_nonexisting_version).
    const Snapshot* snapshot = store_.find_version(*function, target->qualifier);
    if (!snapshot) return Reply{};
    Result<VersionHandle> gone = store_.erase_version(*function, snapshot->version->number);
    if (!gone) return gone.error();
    if (*gone) retire({*gone});
    collect_code();
    return Reply{};
  }
  for (const auto& [name, alias] : function->aliases) route_log_.forget(alias.source->alias_arn);
  if (reserved_of(store_, *function) >= 0) runner_.reserve(target->scope, target->name, std::nullopt);
  std::erase_if(urls_, [&](const auto& url) {
    return url.second.scope == target->scope && url.second.function == target->name;
  });
  retire(store_.erase(target->scope, target->name));
  runner_.function_gone(target->scope, target->name);
  if (const std::size_t dropped = events_.forget(target->scope, target->name); dropped > 0)
    log::warn("function {} was deleted, and {} asynchronous invocations that waited for it with it",
              target->name, dropped);
  collect_code();
  return Reply{};
}

Result<Reply> LambdaService::get_account_settings(Call& call) {
  const Scope scope{.account = call.account, .region = call.region};
  Reply reply;
  reply.output["AccountLimit"] = {{"TotalCodeSize", options_.code_storage},
                                  {"CodeSizeUnzipped", options_.quotas.unzipped_bytes},
                                  {"CodeSizeZipped", options_.quotas.zipped_bytes},
                                  {"ConcurrentExecutions", options_.concurrency},
                                  {"UnreservedConcurrentExecutions", concurrency_rules().unreserved(scope)}};
  reply.output["AccountUsage"] = {{"TotalCodeSize", store_.code_bytes(scope) + layers_.code_bytes(scope)},
                                  {"FunctionCount", store_.functions(scope).size()}};
  return reply;
}

}  // namespace aviary::lambda
