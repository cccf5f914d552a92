#include <fmt/format.h>

#include <charconv>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {

LambdaService::Answer LambdaService::publish_version(Call call) {
  const Result<Target> target = function_target_of(call);
  if (!target) co_return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) co_return function_not_found(target->scope, target->name);
  PublishRequest request{.description = {},
                         .code_sha256 = text_of(call.input, "CodeSha256"),
                         .revision_id = text_of(call.input, "RevisionId"),
                         .packed = {}};
  if (const CodeHandle code = function->latest.version->code; is_live(code)) {
    if (const Result<> allowed = store_.may_change(*function, request.revision_id); !allowed)
      co_return allowed.error();
    Task<Result<CodeHandle>> packing = pack(code);
    Result<CodeHandle> packed = co_await std::move(packing);
    if (!packed) co_return packed.error();
    request.packed = std::move(*packed);
    function = store_.find(target->scope, target->name, moment());
    if (!function) co_return function_not_found(target->scope, target->name);
    if (function->latest.version->code != code) co_return update_in_progress(target->scope, target->name);
  }
  // An empty description is none: the version takes the function's.
  if (const std::string& description = text_of(call.input, "Description"); !description.empty()) {
    request.description = description;
  }
  const Result<Publish> as = publishing_of(*function->latest.version->configuration, true,
                                           find_member(call.input, "PublishTo") != nullptr);
  if (!as) co_return as.error();
  request.publish = *as;
  const Result<> room = check_versions_on(
      store_.functions(target->scope), *function->latest.version->configuration,
      versions_added(store_, *function, request.packed, *as), options_.quotas.capacity_provider_versions);
  if (!room) co_return room.error();
  if (store_.publishes_anew(*function, request.packed, *as)) {
    const CodeHandle code = request.packed ? request.packed : function->latest.version->code;
    const Result<> kept = check_code_storage(target->scope, code ? code->size : 0);
    if (!kept) co_return kept.error();
  }
  const VersionHandle before = unnumbered_version(store_, *function);
  const Result<Snapshot> published = store_.publish(*function, request, moment());
  if (!published) co_return published.error();
  if (*as == Publish::Unnumbered) retire_replaced(before, *published);
  begin_snapshot(*published);
  co_return Reply{.output = render_configuration(*published, published->version->number)};
}

/// What `$LATEST.PUBLISHED` was until now finishes what it runs.
void LambdaService::retire_replaced(const VersionHandle& before, const Snapshot& now) {
  if (!before || before->serial == now.version->serial) return;
  if (Function* function = store_.find(now.version->scope, now.version->function_name, moment()))
    apply_scaling(*function, now);  // what was set goes on with it
  retire({before});
  collect_code();
}

void LambdaService::begin_snapshot(const Snapshot& published) {
  if (published.state == State::Pending && starts_from_snapshot(*published.version))
    background_.spawn("snapshot of a version", make_snapshot(published.version));
}

/// Processes do not outlive the emulator: one that was ready is made again.
void LambdaService::restore_snapshot(const Snapshot& restored) {
  if (restored.state != State::Failed && starts_from_snapshot(*restored.version))
    background_.spawn("snapshot of a restored version", make_snapshot(restored.version));
}

Task<> LambdaService::make_snapshot(VersionHandle version) {
  auto making = runner_.snapshot(version);
  const SnapshotOutcome made = co_await std::move(making);
  if (made.kind == SnapshotOutcome::Kind::Interrupted) co_return;
  if (Function* function = store_.find(version->scope, version->function_name, moment()))
    store_.conclude_snapshot(*function, *version, made, moment());
}

Result<Reply> LambdaService::list_versions_by_function(Call& call) {
  const Result<Target> target = target_of(call);
  if (!target) return target.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);

  // The marker is the last number shown; `$LATEST` comes first and counts as 0.
  Reply reply;
  Json& list = reply.output["Versions"] = Json::array();
  std::uint64_t last = 0;
  if (page->after.empty()) {
    list.push_back(render_configuration(function->latest, latest_qualifier, Detail::Listed));
  } else {
    std::from_chars(page->after.data(), page->after.data() + page->after.size(), last);
  }
  auto next = function->versions.upper_bound(last);
  for (; next != function->versions.end() && list.size() < page->size; ++next) {
    list.push_back(render_configuration(next->second, next->second.version->number, Detail::Listed));
    last = next->first;
  }
  if (next != function->versions.end()) reply.output["NextMarker"] = marker_after(std::to_string(last));
  return reply;
}

}  // namespace aviary::lambda
