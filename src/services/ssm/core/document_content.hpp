#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

/// What a document of Systems Manager says of itself.
/// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
namespace aviary::ssm {

struct DocumentContent {
  Json document;  ///< null: a text of its own form, such as a calendar
  std::string schema_version;
  std::string description;
  Json parameters = Json::array();  ///< as DescribeDocument shows them
  Json platforms = Json::array();   ///< what the steps run on
};

/// Reads and checks a text in the format (`JSON`, `YAML`, `TEXT`) that is said to be of the type (`Command`,
/// `Automation`, …). Errors: InvalidDocumentContent, MaxDocumentSizeExceeded.
Result<DocumentContent> read_document(const std::string& text, std::string_view format,
                                      std::string_view type);

}  // namespace aviary::ssm
