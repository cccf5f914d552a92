#pragma once

#include "gateway/service.hpp"
#include "ports/scoped_documents.hpp"
#include "services/logs/api/input.hpp"

/// Kinds of things that are kept as documents, a page at a time.
namespace aviary::logs {

/// The documents that `shown` says something of, in the order of their ids, from `nextToken` on and at most
/// `limit` of them, as the member `list`. `shown(document)` answers what is sent; null leaves it out.
template <class Shown>
Result<Reply> page_of(const ScopedDocuments<Scope>& documents, const Call& call, const char* list,
                      Shown shown) {
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  const std::size_t size = page_size_of(call.input);
  Reply reply;
  Json& rows = reply.output[list] = Json::array();
  std::string last;
  for (const auto& [id, document] : documents.of(scope_of(call))) {
    if (*after && id <= **after) continue;
    Json row = shown(document);
    if (row.is_null()) continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(last);
      break;
    }
    rows.push_back(std::move(row));
    last = id;
  }
  return reply;
}

/// Without the tags, where these have an operation of their own.
inline Json without_tags(Json document) {
  document.erase("tags");
  return document;
}

}  // namespace aviary::logs
