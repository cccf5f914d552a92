#include <fmt/format.h>

#include <unordered_map>

#include "base/log.hpp"
#include "ports/live_folders.hpp"
#include "services/lambda/core/function_store.hpp"

/// What is written for each thing that changes, and how it is read back. One record a thing, so that
/// publishing the hundred-thousandth version writes as much as publishing the first.
namespace aviary::lambda {
namespace {

std::string key_of(const Function& function) {
  return fmt::format("{}/{}/{}", function.scope.account, function.scope.region, function.name);
}

Json to_record(const Configuration& c) {
  Json record{{"package_type", c.package_type},
              {"runtime", c.runtime},
              {"handler", c.handler},
              {"role", c.role},
              {"description", c.description},
              {"timeout", c.timeout_seconds},
              {"memory", c.memory_mb},
              {"storage", c.ephemeral_storage_mb},
              {"architectures", c.architectures},
              {"log_format", c.log_format},
              {"application_log_level", c.application_log_level},
              {"system_log_level", c.system_log_level},
              {"log_group", c.log_group},
              {"tracing", c.tracing_mode},
              {"image", c.image_uri},
              {"layers", c.layer_arns},
              {"recorded", c.recorded}};
  if (c.environment) record["environment"] = *c.environment;
  return record;
}

Configuration configuration_from(const Json& record) {
  Configuration c;
  record.at("package_type").get_to(c.package_type);
  record.at("runtime").get_to(c.runtime);
  record.at("handler").get_to(c.handler);
  record.at("role").get_to(c.role);
  record.at("description").get_to(c.description);
  record.at("timeout").get_to(c.timeout_seconds);
  record.at("memory").get_to(c.memory_mb);
  record.at("storage").get_to(c.ephemeral_storage_mb);
  record.at("architectures").get_to(c.architectures);
  record.at("log_format").get_to(c.log_format);
  record.at("application_log_level").get_to(c.application_log_level);
  record.at("system_log_level").get_to(c.system_log_level);
  record.at("log_group").get_to(c.log_group);
  record.at("tracing").get_to(c.tracing_mode);
  record.at("image").get_to(c.image_uri);
  record.at("layers").get_to(c.layer_arns);
  c.recorded = record.at("recorded");
  if (const auto environment = record.find("environment"); environment != record.end()) {
    c.environment = environment->get<std::map<std::string, std::string>>();
  }
  return c;
}

Json to_record(const CodeHandle& code) {
  if (!code) return nullptr;
  if (!code->folder.empty()) return Json{{"folder", code->folder.native()}};
  Json record{{"digest", code->digest}, {"size", code->size}, {"unzipped", code->unzipped_size}};
  if (code->image) record["is_image"] = true;
  return record;
}

Json to_record(const Snapshot& snapshot) {
  const Version& v = *snapshot.version;
  Json layers = Json::array();
  for (const CodeHandle& layer : v.layers) layers.push_back(to_record(layer));
  return Json{{"number", v.number},
              {"description", v.description},
              {"revision", v.revision_id},
              {"modified", v.last_modified.time_since_epoch().count()},
              {"configuration", to_record(*v.configuration)},
              {"code", to_record(v.code)},
              {"layers", std::move(layers)},
              {"state", static_cast<int>(snapshot.state)},
              {"last_update", static_cast<int>(snapshot.last_update)},
              {"reason_code", snapshot.reason_code},
              {"reason", snapshot.reason}};
}

Instant instant_from(const Json& microseconds) {
  return Instant(Duration(microseconds.get<Duration::rep>()));
}

/// Reads snapshots, sharing what they shared before: equal configurations become one again.
class SnapshotReader {
 public:
  SnapshotReader(CodeStore& codes, ImageStore* images, std::uint64_t& next_serial)
      : codes_(codes), images_(images), next_serial_(next_serial) {}

  Snapshot read(const Function& function, const Json& record) {
    auto version = std::make_shared<Version>();
    version->serial = next_serial_++;
    version->scope = function.scope;
    version->function_name = function.name;
    record.at("number").get_to(version->number);
    record.at("description").get_to(version->description);
    record.at("revision").get_to(version->revision_id);
    version->last_modified = instant_from(record.at("modified"));
    version->configuration = configuration(record.at("configuration"));
    version->code = code(function, record.at("code"));
    for (const Json& layer : record.at("layers")) version->layers.push_back(code(function, layer));
    return {.version = std::move(version),
            .state = static_cast<State>(record.at("state").get<int>()),
            .last_update = static_cast<UpdateStatus>(record.at("last_update").get<int>()),
            .reason_code = record.value("reason_code", std::string()),
            .reason = record.value("reason", std::string())};
  }

 private:
  std::shared_ptr<const Configuration> configuration(const Json& record) {
    std::shared_ptr<const Configuration>& shared = configurations_[record.dump()];
    if (!shared) shared = std::make_shared<const Configuration>(configuration_from(record));
    return shared;
  }

  CodeHandle code(const Function& function, const Json& record) {
    if (record.is_null()) return nullptr;
    if (const auto folder = record.find("folder"); folder != record.end())
      return live_code(folder->get<std::string>());
    const auto& digest = record.at("digest").get_ref<const std::string&>();
    const bool image = record.value("is_image", false);
    if (CodeHandle found = !image ? codes_.open(digest) : images_ ? images_->open(digest) : nullptr)
      return found;
    // The version stays, so that it can be seen and deleted; running it will say that its code is gone.
    log::error("the {} {} of function {} is missing", image ? "image" : "code package", digest,
               function.name);
    CodeBlob gone{digest, record.at("size"), record.at("unzipped")};
    gone.image = image;
    return std::make_shared<const CodeBlob>(std::move(gone));
  }

  CodeStore& codes_;
  ImageStore* images_;
  std::uint64_t& next_serial_;
  std::unordered_map<std::string, std::shared_ptr<const Configuration>> configurations_;
};

}  // namespace

void FunctionStore::save(const Function& function) {
  if (!journal_.durable()) return;
  Json record{
      {"account", function.scope.account},    {"region", function.scope.region},     {"name", function.name},
      {"latest", to_record(function.latest)}, {"next_number", function.next_number}, {"tags", function.tags},
      {"settles_with", function.settles_with}};
  if (function.last_published) record["last_published"] = function.last_published->number;
  if (function.settles_at) record["settles_at"] = function.settles_at->time_since_epoch().count();
  function_records_.save(key_of(function), record);
}

void FunctionStore::save(const Function& function, const Snapshot& snapshot) {
  if (!journal_.durable()) return;
  Json record = to_record(snapshot);
  record["function"] = key_of(function);
  version_records_.save(fmt::format("{}/{}", key_of(function), snapshot.version->number), record);
}

void FunctionStore::save(const Function& function, const Alias& alias) {
  if (!journal_.durable()) return;
  Json record{{"function", key_of(function)},
              {"name", alias.name},
              {"description", alias.description},
              {"revision", alias.revision_id},
              {"version", alias.routing.version},
              {"additional_version", alias.routing.additional_version},
              {"additional_weight", alias.routing.additional_weight}};
  if (alias.router) {
    record["router"] = {{"mode", static_cast<int>(alias.router->mode)},
                        {"source", static_cast<int>(alias.router->sticky_source)},
                        {"key", alias.router->sticky_key}};
  }
  alias_records_.save(fmt::format("{}/{}", key_of(function), alias.name), record);
}

void FunctionStore::save(const Function& function, std::string_view qualifier, const Policy& policy) {
  if (!journal_.durable()) return;
  const std::string key = fmt::format("{}/{}", key_of(function), qualifier);
  if (policy.statements.empty()) return policy_records_.erase(key);
  // As text, because the order of a statement's keys is part of what a reader sees.
  Json statements = Json::array();
  for (const OrderedJson& statement : policy.statements) statements.push_back(statement.dump());
  policy_records_.save(
      key, Json{{"function", key_of(function)}, {"qualifier", qualifier}, {"statements", statements}});
}

void FunctionStore::restore(CodeStore& codes, ImageStore* images) {
  SnapshotReader snapshots(codes, images, next_serial_);
  std::unordered_map<std::string, Function*> by_key;
  std::unordered_map<Function*, std::string> last_published;
  function_records_.load([&](std::string_view key, const Json& record) {
    auto owned = std::make_unique<Function>();
    Function& function = *owned;
    function.scope = {.account = record.at("account"), .region = record.at("region")};
    record.at("name").get_to(function.name);
    function.latest = snapshots.read(function, record.at("latest"));
    record.at("next_number").get_to(function.next_number);
    for (const auto& [tag, value] : record.at("tags").items()) function.tags[tag] = value;
    record.at("settles_with").get_to(function.settles_with);
    if (record.contains("settles_at")) function.settles_at = instant_from(record["settles_at"]);
    if (record.contains("last_published")) last_published[&function] = record["last_published"];
    Region& region = regions_[function.scope];
    if (function.latest.version->code) region.code_bytes += function.latest.version->code->size;
    by_key.emplace(key, &function);
    region.functions.emplace(function.name, std::move(owned));
  });
  const auto owner = [&by_key](const Json& record) -> Function* {
    const auto found = by_key.find(record.at("function").get_ref<const std::string&>());
    return found == by_key.end() ? nullptr : found->second;
  };
  version_records_.load([&](std::string_view, const Json& record) {
    Function* function = owner(record);
    if (!function) return;
    Snapshot snapshot = snapshots.read(*function, record);
    if (snapshot.version->code) regions_[function->scope].code_bytes += snapshot.version->code->size;
    if (const auto last = last_published.find(function);
        last != last_published.end() && last->second == snapshot.version->number) {
      function->last_published = snapshot.version;
    }
    const std::uint64_t key = version_key(snapshot.version->number).value_or(0);
    function->versions.emplace(key, std::move(snapshot));
  });
  alias_records_.load([&](std::string_view, const Json& record) {
    Function* function = owner(record);
    if (!function) return;
    Alias& alias = function->aliases[record.at("name").get<std::string>()];
    record.at("name").get_to(alias.name);
    record.at("description").get_to(alias.description);
    record.at("revision").get_to(alias.revision_id);
    record.at("version").get_to(alias.routing.version);
    record.at("additional_version").get_to(alias.routing.additional_version);
    record.at("additional_weight").get_to(alias.routing.additional_weight);
    if (const auto router = record.find("router"); router != record.end()) {
      alias.router =
          RouterSettings{.mode = static_cast<RouterMode>(router->at("mode").get<int>()),
                         .sticky_source = static_cast<StickySource>(router->at("source").get<int>()),
                         .sticky_key = router->at("key")};
    }
    renew_source(*function, alias);
  });
  attachment_records_.load([&](std::string_view, const Json& record) {
    Function* function = owner(record);
    if (!function) return;
    function->attached[record.at("kind").get<std::string>()][record.at("qualifier").get<std::string>()] =
        record.at("document");
  });
  policy_records_.load([&](std::string_view, const Json& record) {
    Function* function = owner(record);
    if (!function) return;
    Policy& policy = function->policies[record.at("qualifier").get<std::string>()];
    for (const Json& statement : record.at("statements")) {
      policy.statements.push_back(OrderedJson::parse(statement.get_ref<const std::string&>()));
    }
  });
}

}  // namespace aviary::lambda
