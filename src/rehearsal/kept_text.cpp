#include "rehearsal/kept_text.hpp"

#include "base/bounded_json.hpp"
#include "services/lambda/core/json_check.hpp"

namespace aviary::rehearsal {

Json document_of_text(const std::string& text) {
  if (lambda::json_problem(text)) return text;
  Json parsed = parse_bounded<Json>(text);
  return parsed.is_discarded() ? Json(text) : parsed;
}

}  // namespace aviary::rehearsal
