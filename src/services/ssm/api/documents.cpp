#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "base/encoding.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "services/ssm/core/document_content.hpp"
#include "wire/protocol.hpp"

/// Documents: what is made, changed and deleted. A document is kept as
/// `{Name, Owner, CreatedDate, DefaultVersion, DocumentType, TargetType, Requires, Versions, Shared, Tags}`.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t most_versions = 1000;

/// A version as it is kept.
Result<Json> version_from(const Call& call, std::int64_t number, std::string_view type) {
  std::string format = text_of(call.input, "DocumentFormat");
  if (format.empty()) format = "JSON";
  const std::string& text = text_of(call.input, "Content");
  Result<DocumentContent> content = read_document(text, format, type);
  if (!content) return content.error();
  Json version{{"DocumentVersion", std::to_string(number)},
               {"Content", text},
               {"DocumentFormat", std::move(format)},
               {"CreatedDate", whole_epoch_seconds(call.now)},
               {"SchemaVersion", content->schema_version},
               {"Description", content->description},
               {"Parameters", std::move(content->parameters)},
               {"PlatformTypes", std::move(content->platforms)},
               {"Hash", hex_encode(sha256(text))}};
  for (const char* member : {"VersionName", "DisplayName"})
    if (const Json* given = find_member(call.input, member)) version[member] = *given;
  return version;
}

Result<> refuse_attachments(const Call& call) {
  if (find_member(call.input, "Attachments") == nullptr) return {};
  return AwsError(wire::errors::NotImplemented, "Aviary keeps no attachments of documents.");
}

}  // namespace

AwsError invalid_document() { return {errors::InvalidDocument, "The specified document does not exist."}; }

AwsError invalid_document_version() {
  return {errors::InvalidDocumentVersion, "The document version is not valid or does not exist."};
}

bool is_of_aws(std::string_view name) {
  constexpr std::string_view own_arn = "::document/";
  if (const std::size_t mark = name.find(own_arn); mark != std::string_view::npos)
    name.remove_prefix(mark + own_arn.size());
  return name.starts_with("AWS") || name.starts_with("Amazon");
}

Json describe_document(const Json& document, const Json& version, std::string_view status) {
  Json row{{"Hash", version.at("Hash")},
           {"HashType", "Sha256"},
           {"Name", document.at("Name")},
           {"Owner", document.at("Owner")},
           {"CreatedDate", version.at("CreatedDate")},
           {"Status", status},
           {"DocumentVersion", version.at("DocumentVersion")},
           {"Parameters", version.at("Parameters")},
           {"PlatformTypes", version.at("PlatformTypes")},
           {"DocumentType", document.at("DocumentType")},
           {"SchemaVersion", version.at("SchemaVersion")},
           {"LatestVersion", document.at("Versions").back().at("DocumentVersion")},
           {"DefaultVersion", document.at("DefaultVersion")},
           {"DocumentFormat", version.at("DocumentFormat")},
           {"Tags", tag_rows(document.at("Tags"))}};
  if (!text_of(version, "Description").empty()) row["Description"] = version.at("Description");
  for (const char* member : {"VersionName", "DisplayName"})
    if (const Json* given = find_member(version, member)) row[member] = *given;
  for (const char* member : {"TargetType", "Requires"})
    if (const Json* given = find_member(document, member)) row[member] = *given;
  return row;
}

Json* find_version(Json& document, const std::string& selector, const std::string& name) {
  Json& versions = document.at("Versions");
  if (selector == "$LATEST") return &versions.back();
  const bool by_default = selector == "$DEFAULT" || (selector.empty() && name.empty());
  const std::string wanted = by_default ? text_of(document, "DefaultVersion") : selector;
  for (Json& each : versions)
    if ((wanted.empty() || text_of(each, "DocumentVersion") == wanted) &&
        (name.empty() || text_of(each, "VersionName") == name))
      return &each;
  return nullptr;
}

Result<Json*> SsmService::own_document(const Call& call) {
  Json* found = documents_.find(scope_of(call), text_of(call.input, "Name"));
  if (found == nullptr) return invalid_document();
  return found;
}

Result<Reply> SsmService::create_document(Call& call) {
  if (const Result<> none = refuse_attachments(call); !none) return none.error();
  const Scope scope = scope_of(call);
  const std::string& name = text_of(call.input, "Name");
  std::string beginning = name.substr(0, 6);
  std::ranges::transform(beginning, beginning.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* reserved : {"aws", "amazon", "amzn"})
    if (beginning.starts_with(reserved))
      return AwsError(errors::ValidationException,
                      fmt::format("The document name {} begins with {}, which is reserved.", name, reserved));
  if (documents_.find(scope, name) != nullptr)
    return AwsError(errors::DocumentAlreadyExists, "The specified document already exists.");
  std::string type = text_of(call.input, "DocumentType");
  if (type.empty()) type = "Command";
  Result<Json> version = version_from(call, 1, type);
  if (!version) return version.error();
  Json document{{"Name", name},
                {"Owner", call.account},
                {"DefaultVersion", "1"},
                {"DocumentType", std::move(type)},
                {"Versions", Json::array({std::move(*version)})},
                {"Shared", Json::object()},
                {"Tags", tag_map(call.input)}};
  for (const char* member : {"TargetType", "Requires"})
    if (const Json* given = find_member(call.input, member)) document[member] = *given;
  const Json& added = documents_.put(scope, name, std::move(document));
  Reply reply;
  reply.output["DocumentDescription"] = describe_document(added, added.at("Versions").back(), "Creating");
  return reply;
}

Result<Reply> SsmService::update_document(Call& call) {
  if (const Result<> none = refuse_attachments(call); !none) return none.error();
  const Result<Json*> found = own_document(call);
  if (!found) return found.error();
  Json& document = **found;
  Json& versions = document.at("Versions");
  const Json& latest = versions.back();
  const std::string& wanted = text_of(call.input, "DocumentVersion");
  if (!wanted.empty() && wanted != "$LATEST" && wanted != text_of(latest, "DocumentVersion"))
    return invalid_document_version();
  if (text_of(latest, "SchemaVersion") == "1.2")
    return AwsError(errors::InvalidDocumentSchemaVersion,
                    "Documents of schema version 1.2 can't be updated. Create a new document instead.");
  if (versions.size() >= most_versions)
    return AwsError(
        errors::DocumentVersionLimitExceeded,
        "The document has too many versions. Delete one or more document versions and try again.");
  Result<Json> version = version_from(call, std::stoll(text_of(latest, "DocumentVersion")) + 1,
                                      text_of(document, "DocumentType"));
  if (!version) return version.error();
  const std::string& name = text_of(*version, "VersionName");
  // What it was before that may come back, as a stack's way back has it.
  if (latest.at("Hash") == version->at("Hash") &&
      latest.at("DocumentFormat") == version->at("DocumentFormat"))
    return AwsError(errors::DuplicateDocumentContent,
                    "The content of the association document matches another document. Change the content "
                    "of the document and try again.");
  for (const Json& each : versions) {
    if (!name.empty() && text_of(each, "VersionName") == name)
      return AwsError(errors::DuplicateDocumentVersionName, "The specified version name is a duplicate.");
  }
  versions.push_back(std::move(*version));
  if (const Json* target = find_member(call.input, "TargetType")) document["TargetType"] = *target;
  documents_.save(scope_of(call), text_of(document, "Name"));
  Reply reply;
  reply.output["DocumentDescription"] = describe_document(document, versions.back(), "Updating");
  return reply;
}

Result<Reply> SsmService::update_document_default_version(Call& call) {
  const Result<Json*> found = own_document(call);
  if (!found) return found.error();
  Json& document = **found;
  const Json* version = find_version(document, text_of(call.input, "DocumentVersion"), {});
  if (version == nullptr) return invalid_document_version();
  document["DefaultVersion"] = version->at("DocumentVersion");
  documents_.save(scope_of(call), text_of(document, "Name"));
  Reply reply;
  Json& description = reply.output["Description"];
  description = {{"Name", document.at("Name")}, {"DefaultVersion", document.at("DefaultVersion")}};
  if (const Json* name = find_member(*version, "VersionName")) description["DefaultVersionName"] = *name;
  return reply;
}

Result<Reply> SsmService::delete_document(Call& call) {
  const Result<Json*> found = own_document(call);
  if (!found) return found.error();
  Json& document = **found;
  const Scope scope = scope_of(call);
  const std::string name = text_of(document, "Name");
  const std::string& number = text_of(call.input, "DocumentVersion");
  const std::string& version_name = text_of(call.input, "VersionName");
  if (!number.empty() || !version_name.empty()) {
    const Json* version = find_version(document, number, version_name);
    if (version == nullptr) return invalid_document_version();
    if (version->at("DocumentVersion") == document.at("DefaultVersion"))
      return AwsError(errors::InvalidDocumentOperation, "Default version of the document can't be deleted.");
    Json& versions = document.at("Versions");
    versions.erase(static_cast<std::size_t>(version - &versions[0]));
    documents_.save(scope, name);
    return Reply{};
  }
  if (!document.at("Shared").empty() && !flag_of(call.input, "Force"))
    return AwsError(
        errors::InvalidDocumentOperation,
        "Document is shared with other accounts. Stop sharing the document before you delete it.");
  documents_.erase(scope, name);
  return Reply{};
}

}  // namespace aviary::ssm
