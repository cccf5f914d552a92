#include "rehearsal/kept_text.hpp"

#include "services/lambda/core/json_check.hpp"

namespace aviary::rehearsal {

Json document_of_text(const std::string& text) {
  if (lambda::json_problem(text)) return text;
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_discarded() ? Json(text) : parsed;
}

}  // namespace aviary::rehearsal
