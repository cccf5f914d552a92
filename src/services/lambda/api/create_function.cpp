#include <fmt/format.h>

#include <charconv>

#include "models/lambda.hpp"
#include "services/lambda/api/configuration_input.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t tag_limit = 50;
constexpr std::size_t longest_name = 64;

/// What the caller may call a new function. The model lets names be 140 characters, for ARNs; the name itself
/// may have 64, which AWS refuses in the validation's words but under another code (recorded:
/// long_function_name_exc).
Result<> check_name(const Call& call, const Target& target) {
  const std::string& given = text_of(call.input, "FunctionName");
  if (!target.qualifier.empty()) {
    const auto member =
        std::ranges::find(call.operation->input->members, "FunctionName", &models::Member::name);
    return validation_error(fmt::format(
        "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member "
        "must satisfy regular expression pattern: {}",
        given, member->shape->pattern));
  }
  if (target.name.size() > longest_name) {
    return invalid_parameter(fmt::format(
        "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member "
        "must have length less than or equal to {}",
        target.name, longest_name));
  }
  return {};
}

}  // namespace

Result<> check_request_size(const Call& call) {
  constexpr std::uint64_t limit = 70167211;
  const std::string_view text = call.http ? call.http->header("Content-Length") : std::string_view{};
  std::uint64_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (length <= limit) return {};
  return AwsError(
      models::lambda::errors::RequestEntityTooLargeException,
      fmt::format("Request must be smaller than {} bytes for the {} operation", limit, call.operation->name));
}

LambdaService::Answer LambdaService::create_function(Call call) {
  if (const Result<> small = check_request_size(call); !small) co_return small.error();
  Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) co_return target.error();
  if (const Result<> named = check_name(call, *target); !named) co_return named.error();

  Configuration configuration;
  if (const std::string& type = text_of(call.input, "PackageType"); !type.empty())
    configuration.package_type = type;
  if (const Json* architectures = find_member(call.input, "Architectures")) {
    architectures->get_to(configuration.architectures);
  }
  if (const Result<> applied =
          apply_configuration(call.input, options_.quotas, options_.retired_runtimes, configuration);
      !applied)
    co_return applied.error();
  if (const Result<> whole = check_new_configuration(call.input, configuration); !whole)
    co_return whole.error();
  Result<std::vector<CodeHandle>> layers = load_layers(target->scope, configuration);
  if (!layers) co_return layers.error();

  NewFunction request{.scope = target->scope, .name = target->name, .contents = {}, .tags = {}};
  if (const Json* tags = find_member(call.input, "Tags")) {
    if (tags->size() > tag_limit) co_return invalid_parameter("Number of tags exceeds resource tag limit.");
    for (const auto& [key, value] : tags->items()) request.tags[key] = value.get<std::string>();
  }
  // Refused before the code is looked at; again below, because the name may be taken meanwhile.
  if (store_.functions(request.scope).contains(request.name))
    co_return conflict("Function already exist: " + request.name);

  const std::string signing = text_of(call.input, "CodeSigningConfigArn");
  if (const Result<> known = check_signature(request.scope, signing, true); !known) co_return known.error();
  if (const Result<> let_in = check_layer_signatures(request.scope, signing, configuration.layer_arns, {});
      !let_in)
    co_return let_in.error();
  Json code = std::move(call.input["Code"]);
  if (configuration.package_type == "Image") {
    configuration.image_uri = text_of(code, "ImageUri");
    if (configuration.image_uri.empty()) {
      co_return invalid_parameter("Please provide ImageUri when creating a function with packageType Image.");
    }
    if (names_image_folder(configuration.image_uri)) {
      Task<Result<CodeHandle>> taking =
          take_image(configuration.image_uri, configuration.architectures.front());
      Result<CodeHandle> taken = co_await std::move(taking);
      if (!taken) co_return taken.error();
      request.contents.code = std::move(*taken);
    }
  } else {
    Task<Result<CodeHandle>> loading = load_code(request.scope, std::move(code), signing);
    Result<CodeHandle> loaded = co_await std::move(loading);
    if (!loaded) co_return loaded.error();
    request.contents.code = std::move(*loaded);
  }
  const Result<Publish> as = publishing_of(configuration, flag_of(call.input, "Publish"),
                                           find_member(call.input, "PublishTo") != nullptr);
  if (!as) co_return as.error();
  request.publish = *as;
  const bool publishes = *as != Publish::No;
  if (publishes && is_live(request.contents.code)) {
    Task<Result<CodeHandle>> packing = pack(request.contents.code);
    Result<CodeHandle> packed = co_await std::move(packing);
    if (!packed) co_return packed.error();
    request.contents.packed = std::move(*packed);
  }
  request.contents.layers = std::move(*layers);
  request.contents.configuration = std::make_shared<const Configuration>(std::move(configuration));
  if (const Result<> fits = check_unzipped_size(request.contents, options_.quotas); !fits)
    co_return fits.error();
  const std::uint64_t bytes = request.contents.code ? request.contents.code->size : 0;
  if (const Result<> kept = check_code_storage(request.scope, publishes ? 2 * bytes : bytes); !kept)
    co_return kept.error();
  if (const Result<> room =
          check_versions_on(store_.functions(request.scope), *request.contents.configuration,
                            publishes ? 2 : 1, options_.quotas.capacity_provider_versions);
      !room)
    co_return room.error();

  const Result<Snapshot> created = store_.create(std::move(request), moment());
  if (!created) co_return created.error();
  begin_snapshot(*created);
  if (!signing.empty()) {
    if (Function* function = store_.find(target->scope, target->name, moment()))
      store_.attach(*function, attachment::code_signing, "", signing);
  }
  // Unqualified even when version 1 was published with it (recorded: test_publish_version_on_create).
  co_return Reply{.output = render_configuration(*created, {})};
}

}  // namespace aviary::lambda
