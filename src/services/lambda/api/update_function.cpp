#include <fmt/format.h>

#include "services/lambda/api/configuration_input.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {

Result<> check_request_size(const Call& call);  // create_function.cpp

LambdaService::Answer LambdaService::update_function_code(Call call) {
  if (const Result<> small = check_request_size(call); !small) co_return small.error();
  const Result<Target> target = function_target_of(call);
  if (!target) co_return target.error();
  const std::string revision_id = text_of(call.input, "RevisionId");
  {
    Function* function = store_.find(target->scope, target->name, moment());
    if (!function) co_return function_not_found(target->scope, target->name);
    if (const Result<> allowed = store_.may_change(*function, revision_id); !allowed)
      co_return allowed.error();
    const bool is_image = function->latest.version->configuration->package_type == "Image";
    const bool gives_image = find_member(call.input, "ImageUri") != nullptr;
    if (is_image && !gives_image) {
      co_return invalid_parameter("Please provide ImageUri when updating a function with packageType Image.");
    }
    if (!is_image && gives_image) {
      co_return invalid_parameter(
          "Please don't provide ImageUri when updating a function with packageType Zip.");
    }
  }
  const std::string image_uri = text_of(call.input, "ImageUri");
  std::optional<std::vector<std::string>> architectures;
  if (const Json* given = find_member(call.input, "Architectures"))
    architectures = given->get<std::vector<std::string>>();
  std::string architecture;
  if (const Function* function = store_.find(target->scope, target->name, moment()))
    architecture =
        (architectures ? *architectures : function->latest.version->configuration->architectures).front();
  const bool publish = flag_of(call.input, "Publish");
  const bool to_published = find_member(call.input, "PublishTo") != nullptr;
  const bool dry_run = flag_of(call.input, "DryRun");

  CodeHandle code;
  if (image_uri.empty()) {
    std::string signing;
    if (const Function* function = store_.find(target->scope, target->name, moment()))
      signing = signing_of(*function);
    Task<Result<CodeHandle>> loading = load_code(target->scope, std::move(call.input), std::move(signing));
    Result<CodeHandle> loaded = co_await std::move(loading);
    if (!loaded) co_return loaded.error();
    code = std::move(*loaded);
  } else if (names_image_folder(image_uri)) {
    Task<Result<CodeHandle>> taking = take_image(image_uri, std::move(architecture));
    Result<CodeHandle> taken = co_await std::move(taking);
    if (!taken) co_return taken.error();
    code = std::move(*taken);
  }
  CodeHandle packed;
  if (publish && !dry_run && is_live(code)) {
    Task<Result<CodeHandle>> packing = pack(code);
    Result<CodeHandle> done = co_await std::move(packing);
    if (!done) co_return done.error();
    packed = std::move(*done);
  }

  // Storing took a while: what was true before may not be true any more.
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) co_return function_not_found(target->scope, target->name);
  const Version& before = *function->latest.version;
  auto configuration = before.configuration;
  if (image_uri != before.configuration->image_uri ||
      (architectures && *architectures != before.configuration->architectures)) {
    auto changed = std::make_shared<Configuration>(*before.configuration);
    changed->image_uri = image_uri;
    if (architectures) changed->architectures = *architectures;
    configuration = std::move(changed);
  }
  Contents contents{
      .configuration = std::move(configuration), .code = std::move(code), .layers = before.layers};
  contents.packed = std::move(packed);
  if (const Result<> fits = check_unzipped_size(contents, options_.quotas); !fits) co_return fits.error();
  const std::uint64_t bytes = contents.code ? contents.code->size : 0;
  const std::uint64_t instead = before.code ? before.code->size : 0;
  const std::uint64_t more = bytes > instead ? bytes - instead : 0;
  if (const Result<> kept = check_code_storage(target->scope, publish ? more + bytes : more); !kept)
    co_return kept.error();

  const Result<Publish> as = publishing_of(*before.configuration, publish, to_published);
  if (!as) co_return as.error();
  // Other code than before, as a rule: what is published is new.
  const std::size_t added = *as == Publish::Numbered ? 1 : versions_added(store_, *function, packed, *as);
  if (const Result<> room = check_versions_on(store_.functions(target->scope), *before.configuration, added,
                                              options_.quotas.capacity_provider_versions);
      !room)
    co_return room.error();

  if (dry_run) {
    if (const Result<> allowed = store_.may_change(*function, revision_id); !allowed)
      co_return allowed.error();
    Version would_be = before;
    would_be.configuration = contents.configuration;
    would_be.code = contents.code;
    Snapshot preview = function->latest;
    preview.version = std::make_shared<const Version>(std::move(would_be));
    co_return Reply{.output = render_configuration(preview, {})};
  }
  const VersionHandle unnumbered = unnumbered_version(store_, *function);
  const Result<FunctionStore::Replaced> replaced =
      store_.replace_latest(*function, std::move(contents), revision_id, *as, moment());
  if (!replaced) co_return replaced.error();
  if (*as == Publish::Unnumbered) retire_replaced(unnumbered, replaced->result);
  begin_snapshot(replaced->result);
  runner_.retire(*replaced->before);
  collect_code();
  const std::string& number = replaced->result.version->number;
  // A published version comes back under its own ARN (recorded: test_publish_with_update).
  co_return Reply{.output = render_configuration(replaced->result, publish ? std::string_view(number) : "")};
}

Result<Reply> LambdaService::update_function_configuration(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const std::string& revision_id = text_of(call.input, "RevisionId");
  if (const Result<> allowed = store_.may_change(*function, revision_id); !allowed) return allowed.error();

  const Version& before = *function->latest.version;
  Configuration configuration = *before.configuration;
  if (const Result<> applied =
          apply_configuration(call.input, options_.quotas, options_.retired_runtimes, configuration);
      !applied)
    return applied.error();
  if (const Result<> whole = check_new_configuration(call.input, configuration); !whole) return whole.error();
  Contents contents{.configuration = nullptr, .code = before.code, .layers = before.layers};
  if (find_member(call.input, "Layers")) {
    Result<std::vector<CodeHandle>> layers = load_layers(target->scope, configuration);
    if (!layers) return layers.error();
    const Result<> let_in = check_layer_signatures(
        target->scope, signing_of(*function), configuration.layer_arns, before.configuration->layer_arns);
    if (!let_in) return let_in.error();
    contents.layers = std::move(*layers);
  }
  contents.configuration = std::make_shared<const Configuration>(std::move(configuration));
  if (const Result<> fits = check_unzipped_size(contents, options_.quotas); !fits) return fits.error();
  const Result<FunctionStore::Replaced> replaced =
      store_.replace_latest(*function, std::move(contents), revision_id, Publish::No, moment());
  if (!replaced) return replaced.error();
  runner_.retire(*replaced->before);
  return Reply{.output = render_configuration(replaced->result, {})};
}

}  // namespace aviary::lambda
