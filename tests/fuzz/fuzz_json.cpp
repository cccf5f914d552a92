// Any bytes as JSON: the check of an event, and the reader that goes by a model's shape, whose document must
// be writable. What the check says does not depend on what came before, and a text is no better for a space
// behind it.
#include <cstdlib>
#include <string>
#include <string_view>

#include "models/lambda.hpp"
#include "services/lambda/core/json_check.hpp"
#include "wire/json_reader.hpp"

using namespace aviary;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool good = !lambda::json_problem(text);
  if (good != !lambda::json_problem(text)) std::abort();
  if (good && lambda::json_problem(std::string(text) + " ")) std::abort();

  static const models::Operation* const create = models::lambda::service.find_operation("CreateFunction");
  const Result<Json> read = wire::read_json(text, *create->input, false);
  if (read && read->dump(-1, ' ', false, Json::error_handler_t::replace).empty()) std::abort();
  return 0;
}
