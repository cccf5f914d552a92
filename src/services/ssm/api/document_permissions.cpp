#include <algorithm>
#include <cctype>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Whom a document is shared with: accounts, or `all`. Those read it by its ARN.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

/// Private documents are shared with at most so many accounts.
constexpr std::size_t most_accounts = 1000;

std::string in_small_letters(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

Result<Reply> SsmService::modify_document_permission(Call& call) {
  const Result<Json*> found = own_document(call);
  if (!found) return found.error();
  Json& document = **found;
  Json shared = document.at("Shared");
  std::string version = text_of(call.input, "SharedDocumentVersion");
  if (version.empty()) version = "$DEFAULT";
  for (const std::string& account : texts_of(call.input, "AccountIdsToRemove"))
    shared.erase(in_small_letters(account));
  for (const std::string& account : texts_of(call.input, "AccountIdsToAdd"))
    shared[in_small_letters(account)] = version;
  if (shared.size() > most_accounts)
    return AwsError(errors::DocumentPermissionLimit,
                    "The document can't be shared with more Amazon Web Services accounts.");
  document["Shared"] = std::move(shared);
  documents_.save(scope_of(call), text_of(document, "Name"));
  return Reply{};
}

Result<Reply> SsmService::describe_document_permission(Call& call) {
  const Result<Json*> found = own_document(call);
  if (!found) return found.error();
  Json accounts = Json::array();
  Json infos = Json::array();
  for (const auto& [account, version] : (*found)->at("Shared").items()) {
    accounts.push_back(account);
    infos.push_back({{"AccountId", account}, {"SharedDocumentVersion", version}});
  }
  Result<Reply> reply = page_of(call.input, std::move(infos), "AccountSharingInfoList");
  if (!reply) return reply;
  Json& ids = reply->output["AccountIds"] = Json::array();
  for (const Json& info : reply->output["AccountSharingInfoList"]) ids.push_back(info.at("AccountId"));
  return reply;
}

}  // namespace aviary::ssm
