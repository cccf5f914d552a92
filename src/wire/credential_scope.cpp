#include "wire/protocol.hpp"
#include "wire/query_string.hpp"

namespace aviary::wire {
namespace {

/// `AKID/20240115/us-east-1/lambda/aws4_request`; SigV4A has no region in it.
std::optional<CredentialScope> parse(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos || parts.size() > 5) break;
    text.remove_prefix(slash + 1);
  }
  const bool regional = parts.size() == 5;
  if ((!regional && parts.size() != 4) || parts.back() != "aws4_request" || parts[0].empty())
    return std::nullopt;
  return CredentialScope{.access_key_id = std::string(parts[0]),
                         .date = std::string(parts[1]),
                         .region = regional ? std::string(parts[2]) : std::string(),
                         .service = std::string(parts[parts.size() - 2])};
}

}  // namespace

std::optional<CredentialScope> credential_scope(const Request& request) {
  const std::string_view authorization = request.header("authorization");
  if (!authorization.empty()) {
    static constexpr std::string_view key = "Credential=";
    if (!authorization.starts_with("AWS4-")) return std::nullopt;
    const std::size_t start = authorization.find(key);
    if (start == std::string_view::npos) return std::nullopt;
    const std::string_view rest = authorization.substr(start + key.size());
    return parse(rest.substr(0, rest.find_first_of(", \t")));
  }
  const std::string_view query = request.query();
  if (query.empty()) return std::nullopt;
  const std::optional<std::string> presigned = query_value(query, "X-Amz-Credential");
  return presigned ? parse(*presigned) : std::nullopt;
}

}  // namespace aviary::wire
