// `/_aviary/assert`: what a rehearsal shall have shown, judged.
#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "app/admin.hpp"
#include "app/admin_input.hpp"
#include "app/parts.hpp"
#include "app/rehearsal_facts.hpp"
#include "rehearsal/assertion.hpp"

namespace aviary::app {
namespace {

constexpr std::size_t most_sentences = 1000;

/// 200 when all hold, 409 when one does not, 400 when one cannot be judged: it is not understood, or is about
/// what does not exist.
wire::Response judge_all(Parts& parts, const wire::Request& request,
                         const std::vector<std::string>& sentences) {
  if (sentences.empty())
    return error_response(400, fmt::format("What is asserted? GET /_aviary/assert?that=…, or POST "
                                           "{{\"assertions\": [\"…\"]}}. What is understood:\n{}",
                                           rehearsal::understood_sentences()));
  if (sentences.size() > most_sentences)
    return error_response(400, fmt::format("At most {} assertions at once.", most_sentences));
  const RehearsalFacts facts(parts, scope_in(parts, request));
  Json results = Json::array();
  bool passed = true;
  bool judged = true;
  for (const std::string& sentence : sentences) {
    Json result = {{"assertion", sentence}, {"holds", false}};
    const auto assertion = rehearsal::Assertion::parse(sentence);
    const auto verdict =
        assertion ? judge(*assertion, facts) : rehearsal::Checked<rehearsal::Verdict>(assertion.error());
    if (verdict) {
      result["holds"] = verdict->holds;
      result["found"] = verdict->found;
      passed = passed && verdict->holds;
    } else {
      result["problem"] = verdict.error().message;
      passed = judged = false;
    }
    results.push_back(std::move(result));
  }
  return json_response({{"passed", passed}, {"results", std::move(results)}}, passed   ? 200
                                                                              : judged ? 409
                                                                                       : 400);
}

wire::Response judge_posted(Parts& parts, const wire::Request& request) {
  auto body = read_document(request);
  if (auto* refusal = std::get_if<wire::Response>(&body)) return std::move(*refusal);
  const Json& document = std::get<Json>(body);
  const Json& list = document.is_object() && document.size() == 1 && document.contains("assertions")
                         ? document["assertions"]
                         : document;
  const bool texts =
      list.is_array() && std::ranges::all_of(list, [](const Json& one) { return one.is_string(); });
  if (!texts) return error_response(400, R"(The body is {"assertions": ["prod is at version 6", …]}.)");
  return judge_all(parts, request, list.get<std::vector<std::string>>());
}

}  // namespace

void add_assert_routes(Parts& parts) {
  parts.admin.add("GET", "/_aviary/assert", [&parts](const wire::Request& request) {
    return judge_all(parts, request, query_parameters(request, "that"));
  });
  parts.admin.add("POST", "/_aviary/assert",
                  [&parts](const wire::Request& request) { return judge_posted(parts, request); });
}

}  // namespace aviary::app
