#include "app/packaging.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "base/encoding.hpp"
#include "host/folder_zip.hpp"
#include "host/live_folders.hpp"
#include "host/run_tool.hpp"
#include "services/cloudformation/core/inline_code.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::app {
namespace {

namespace fs = std::filesystem;

/// What a property of a type wants to be.
enum class Wants { S3Uri, BucketAndKey, Body, TemplateUrl };

struct Place {
  const char* type;
  const char* property;
  Wants wants;
  const char* becomes = nullptr;  ///< the property that takes a body
};
constexpr Place places[] = {
    {"AWS::Serverless::Function", "CodeUri", Wants::S3Uri},
    {"AWS::Serverless::LayerVersion", "ContentUri", Wants::S3Uri},
    {"AWS::Serverless::Api", "DefinitionUri", Wants::Body, "DefinitionBody"},
    {"AWS::Serverless::HttpApi", "DefinitionUri", Wants::Body, "DefinitionBody"},
    {"AWS::ApiGateway::RestApi", "BodyS3Location", Wants::Body, "Body"},
    {"AWS::ApiGatewayV2::Api", "BodyS3Location", Wants::Body, "Body"},
    {"AWS::Lambda::Function", "Code", Wants::BucketAndKey},
    {"AWS::Lambda::LayerVersion", "Content", Wants::BucketAndKey},
    {"AWS::CloudFormation::Stack", "TemplateURL", Wants::TemplateUrl},
    {"AWS::Serverless::Application", "Location", Wants::TemplateUrl},
};
/// Nested templates that name each other in a circle must end somewhere.
constexpr int most_levels = 10;

std::optional<std::string> content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A text that names something of the developer's, not a place elsewhere.
bool is_local(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.find("://") == std::string::npos && !text.starts_with("{{resolve:");
}

class Packer {
 public:
  Packer(Package& package, BuiltFolders* built) : package_(package), built_(built) {}

  /// The template, packed. Nothing: `problem` says why.
  std::optional<Json> pack(const fs::path& file, int level) {
    const std::optional<std::string> text = content_of(file);
    package_.sources.insert(file);
    if (!text) return fail(fmt::format("{} cannot be read", file.native()));
    Result<Json> document = cloudformation::parse_template(*text);
    if (!document) return fail(fmt::format("{}: {}", file.native(), document.error().message));
    const fs::path folder = file.parent_path();
    Json& whole = *document;
    bool shared_code = false;
    if (whole.contains("Globals") && whole["Globals"].is_object() && whole["Globals"].contains("Function")) {
      Json& shared = whole["Globals"]["Function"];
      shared_code = shared.is_object() && shared.contains("CodeUri");
      if (shared_code && is_local(shared["CodeUri"]) && !replace(shared, places[0], folder, level))
        return std::nullopt;
    }
    if (!whole.contains("Resources") || !whole["Resources"].is_object()) return whole;
    for (Json& resource : whole["Resources"]) {
      if (!resource.is_object() || !resource.contains("Type")) continue;
      Json& properties = resource["Properties"];
      if (properties.is_null()) properties = Json::object();
      for (const Place& place : places) {
        if (resource["Type"] != place.type || !properties.is_object()) continue;
        // As for SAM, a function that says nothing of its code has it beside the template.
        if (&place == &places[0] && !shared_code && !properties.contains("CodeUri") &&
            !properties.contains("InlineCode") && properties.value("PackageType", "Zip") == "Zip")
          properties["CodeUri"] = ".";
        if (!properties.contains(place.property) || !is_local(properties[place.property])) continue;
        if (!replace(properties, place, folder, level)) return std::nullopt;
      }
    }
    return whole;
  }

 private:
  std::nullopt_t fail(std::string problem) {
    if (package_.problem.empty()) package_.problem = std::move(problem);
    return std::nullopt;
  }

  bool replace(Json& properties, const Place& place, const fs::path& folder, int level) {
    const fs::path source = (folder / properties[place.property].get<std::string>()).lexically_normal();
    if (place.wants == Wants::Body) {
      const std::optional<std::string> text = content_of(source);
      package_.sources.insert(source);
      if (!text) return fail(fmt::format("{} cannot be read", source.native())), false;
      Result<Json> body = cloudformation::parse_template(*text);
      if (!body) return fail(fmt::format("{}: {}", source.native(), body.error().message)), false;
      properties.erase(place.property);
      properties[place.becomes] = std::move(*body);
      return true;
    }
    std::optional<std::string> bytes;
    if (place.wants == Wants::TemplateUrl) {
      if (level >= most_levels) return fail("templates are nested in a circle"), false;
      const std::optional<Json> nested = pack(source, level + 1);
      if (!nested) return false;
      bytes = nested->dump(-1, ' ', false, Json::error_handler_t::replace);
    } else {
      bytes = code_in(source);
    }
    if (!bytes) return false;
    const std::string key = hex_encode(sha256(*bytes));
    package_.artifacts.push_back({key, std::move(*bytes)});
    switch (place.wants) {
      case Wants::S3Uri:
        properties[place.property] = fmt::format("s3://{}/{}", artifact_bucket, key);
        break;
      case Wants::BucketAndKey:
        properties[place.property] = {{"S3Bucket", artifact_bucket}, {"S3Key", key}};
        break;
      default:
        properties[place.property] = fmt::format("https://s3.amazonaws.com/{}/{}", artifact_bucket, key);
    }
    return true;
  }

  /// A folder, a zip as it is, or a single file.
  std::optional<std::string> code_in(const fs::path& source) {
    std::error_code problem;
    package_.sources.insert(source);
    if (fs::is_directory(source, problem)) {
      if (built_ != nullptr &&
          (fs::exists(source / "requirements.txt", problem) || fs::exists(source / "package.json", problem)))
        return build(source);
      std::string unpackable;
      std::string bytes = host::zip_folder(source, CodeLimits{}, unpackable);
      if (!unpackable.empty()) return fail(unpackable);
      return bytes;
    }
    std::optional<std::string> content = content_of(source);
    if (!content) return fail(fmt::format("there is no {}", source.native()));
    if (content->starts_with("PK\x03\x04")) return content;
    return cloudformation::zip_of(source.filename().native(), *content);
  }

  /// The folder with its dependencies.
  std::optional<std::string> build(const fs::path& source) {
    Built& known = (*built_)[source];
    const std::uint64_t stamp = host::folder_stamp(source);
    if (known.stamp == stamp) return known.bytes;
    const host::FolderCopy copy(source);
    const std::string folder = copy.path().native();
    if (folder.empty()) return fail(fmt::format("{} cannot be copied", source.native()));
    std::error_code problem;
    for (const auto& [file, words] :
         {std::pair{"requirements.txt", std::vector<std::string>{"python3", "-m", "pip", "install", "--quiet",
                                                                 "--disable-pip-version-check", "-r",
                                                                 "requirements.txt", "-t", folder}},
          std::pair{"package.json", std::vector<std::string>{"npm", "install", "--omit=dev", "--no-audit",
                                                             "--no-fund", "--silent"}}}) {
      if (!fs::exists(copy.path() / file, problem)) continue;
      const int status = host::run_tool(words, copy.path());
      if (status == 127) return fail(fmt::format("{} is not installed, and {} wants it", words[0], file));
      if (status != 0) return fail(fmt::format("{} ends with {} for {}", words[0], status, source.native()));
    }
    std::string unpackable;
    known.bytes = host::zip_folder(copy.path(), CodeLimits{}, unpackable);
    if (!unpackable.empty()) return fail(unpackable);
    known.stamp = stamp;
    return known.bytes;
  }

  Package& package_;
  BuiltFolders* built_;
};

}  // namespace

Package package_template(const fs::path& file, BuiltFolders* built) {
  Package package;
  std::error_code ignored;
  Packer packer(package, built);
  if (std::optional<Json> document = packer.pack(fs::absolute(file, ignored).lexically_normal(), 1))
    package.document = std::move(*document);
  return package;
}

std::uint64_t stamp_of_sources(const std::set<fs::path>& sources) {
  std::uint64_t stamp = 0;
  for (const fs::path& source : sources) {
    std::error_code problem;
    std::uint64_t own = 0;
    if (fs::is_directory(source, problem)) {
      own = host::folder_stamp(source);
    } else {
      const auto changed = fs::last_write_time(source, problem).time_since_epoch().count();
      own = problem ? 1 : static_cast<std::uint64_t>(changed) * 31 + fs::file_size(source, problem);
    }
    stamp = stamp * 1099511628211ULL + own;
  }
  return stamp;
}

}  // namespace aviary::app
