#include <algorithm>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "services/ssm/core/document_text.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

bool holds(const Json& values, const Json& value) { return std::ranges::find(values, value) != values.end(); }

bool is_owned_as(const Json& values, bool own) {
  // All that are here are somebody's own; AWS's and others' are not.
  return holds(values, "All") || (own && (holds(values, "Self") || holds(values, "Private")));
}

/// One condition of ListDocuments. Nothing: there is no such key.
std::optional<bool> fits(const Json& document, const std::string& key, const Json& values) {
  const Json& version = document.at("Versions").back();
  if (key == "Name")
    return std::ranges::any_of(values, [&](const Json& value) {
      return text_of(document, "Name").starts_with(value.get<std::string>());
    });
  if (key == "Owner") return is_owned_as(values, true);
  if (key == "PlatformTypes")
    return std::ranges::any_of(version.at("PlatformTypes"),
                               [&](const Json& platform) { return holds(values, platform); });
  if (key == "DocumentType") return holds(values, document.at("DocumentType"));
  if (key == "TargetType") return holds(values, text_of(document, "TargetType"));
  if (key == "SearchKeyword")
    return std::ranges::any_of(values, [&](const Json& value) {
      const std::string word = value.get<std::string>();
      return text_of(document, "Name").find(word) != std::string::npos ||
             text_of(version, "Description").find(word) != std::string::npos;
    });
  if (key.starts_with("tag:")) {
    const Json& tags = document.at("Tags");
    const auto tag = tags.find(key.substr(4));
    return tag != tags.end() && holds(values, *tag);
  }
  return std::nullopt;
}

}  // namespace

Result<Json*> SsmService::readable_document(const Call& call) {
  return document_named(call, text_of(call.input, "Name"));
}

Result<Json*> SsmService::document_named(const Call& call, const std::string& name) {
  if (!name.starts_with("arn:")) {
    Json* own = documents_.find(scope_of(call), name);
    if (own == nullptr) return invalid_document();
    return own;
  }
  // arn:aws:ssm:us-east-1:123456789012:document/name
  const std::string_view arn = name;
  const std::size_t slash = arn.find(":document/");
  if (slash == std::string_view::npos) return invalid_document();
  const std::string_view before = arn.substr(0, slash);
  const std::size_t account_at = before.rfind(':');
  const std::size_t region_at = before.rfind(':', account_at - 1);
  const Scope scope{std::string(before.substr(account_at + 1)),
                    std::string(before.substr(region_at + 1, account_at - region_at - 1))};
  Json* found = documents_.find(scope, arn.substr(slash + 10));
  if (found == nullptr) return invalid_document();
  const Json& shared = found->at("Shared");
  if (scope.account != call.account && !shared.contains("all") && !shared.contains(call.account))
    return invalid_document();
  return found;
}

Result<Json*> SsmService::version_wanted(const Call& call, Json& document) {
  Json* version =
      find_version(document, text_of(call.input, "DocumentVersion"), text_of(call.input, "VersionName"));
  if (version == nullptr) return invalid_document_version();
  return version;
}

Result<Reply> SsmService::get_document(Call& call) {
  const Result<Json*> document = readable_document(call);
  if (!document) return document.error();
  const Result<Json*> found = version_wanted(call, **document);
  if (!found) return found.error();
  const Json& version = **found;
  Reply reply;
  Json& out = reply.output;
  for (const char* member :
       {"CreatedDate", "DisplayName", "VersionName", "DocumentVersion", "Content", "DocumentFormat"})
    if (const Json* value = find_member(version, member)) out[member] = *value;
  for (const char* member : {"Name", "DocumentType", "Requires"})
    if (const Json* value = find_member(**document, member)) out[member] = *value;
  out["Status"] = "Active";
  const std::string& wanted = text_of(call.input, "DocumentFormat");
  const std::string& kept = text_of(version, "DocumentFormat");
  if (wanted.empty() || wanted == kept) return reply;
  if (wanted == "TEXT" || kept == "TEXT")
    return AwsError(errors::ValidationException, "The document can't be shown in that format.");
  const Result<Json> read = parse_document(text_of(version, "Content"), kept);
  if (!read) return read.error();
  out["Content"] = document_text(*read, wanted);
  out["DocumentFormat"] = wanted;
  return reply;
}

Result<Reply> SsmService::describe_document_of(Call& call) {
  const Result<Json*> document = readable_document(call);
  if (!document) return document.error();
  const Result<Json*> version = version_wanted(call, **document);
  if (!version) return version.error();
  Reply reply;
  reply.output["Document"] = describe_document(**document, **version, "Active");
  return reply;
}

Result<Reply> SsmService::list_documents(Call& call) {
  Json conditions = Json::array();
  if (const Json* filters = find_member(call.input, "Filters")) conditions = *filters;
  if (const Json* filters = find_member(call.input, "DocumentFilterList"))
    for (const Json& each : *filters)
      conditions.push_back({{"Key", each.at("key")}, {"Values", Json::array({each.at("value")})}});
  Json rows = Json::array();
  for (const Json& condition : conditions) {
    const std::string& key = text_of(condition, "Key");
    static constexpr std::string_view keys[] = {"Name",         "Owner",      "PlatformTypes",
                                                "DocumentType", "TargetType", "SearchKeyword"};
    if (std::ranges::find(keys, key) == std::end(keys) && !key.starts_with("tag:"))
      return AwsError(errors::InvalidFilterKey, "The specified key is not valid.");
  }
  for (const auto& [name, document] : documents_.in(scope_of(call))) {
    const bool wanted = std::ranges::all_of(conditions, [&, &each = document](const Json& condition) {
      return fits(each, text_of(condition, "Key"), condition.value("Values", Json::array())).value_or(false);
    });
    if (!wanted) continue;
    Json copy = document;
    const Json* version = find_version(copy, "$DEFAULT", {});
    Json row =
        describe_document(document, version != nullptr ? *version : copy.at("Versions").back(), "Active");
    for (const char* member :
         {"Hash", "HashType", "Status", "Parameters", "LatestVersion", "DefaultVersion", "Description"})
      row.erase(member);
    rows.push_back(std::move(row));
  }
  return page_of(call.input, std::move(rows), "DocumentIdentifiers");
}

Result<Reply> SsmService::list_document_versions(Call& call) {
  const Result<Json*> document = readable_document(call);
  if (!document) return document.error();
  Json rows = Json::array();
  for (const Json& version : (*document)->at("Versions")) {
    Json row{{"Name", (*document)->at("Name")},
             {"DocumentVersion", version.at("DocumentVersion")},
             {"CreatedDate", version.at("CreatedDate")},
             {"IsDefaultVersion", version.at("DocumentVersion") == (*document)->at("DefaultVersion")},
             {"DocumentFormat", version.at("DocumentFormat")},
             {"Status", "Active"}};
    for (const char* member : {"VersionName", "DisplayName"})
      if (const Json* value = find_member(version, member)) row[member] = *value;
    // The newest first.
    rows.insert(rows.begin(), std::move(row));
  }
  return page_of(call.input, std::move(rows), "DocumentVersions");
}

}  // namespace aviary::ssm
