#pragma once

#include <string_view>

#include "base/json.hpp"

namespace aviary {

/// Whether a text nests no deeper than documents do that people write: rendering, comparing and copying go
/// down level by level on the stack. Looks at brackets only.
bool nests_moderately(std::string_view json_text);

/// Parses what others sent; discarded (`is_discarded()`) if it is no JSON or nests too deeply.
template <class Document>
Document parse_bounded(std::string_view text) {
  return Document::parse(nests_moderately(text) ? text : std::string_view(), nullptr, false);
}

}  // namespace aviary
