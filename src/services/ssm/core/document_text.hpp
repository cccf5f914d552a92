#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::ssm {

/// A document's text, JSON or YAML, as one document. Errors: InvalidDocumentContent, which says where.
Result<Json> parse_document(const std::string& text, std::string_view format);

/// The other way.
std::string document_text(const Json& document, std::string_view format);

}  // namespace aviary::ssm
