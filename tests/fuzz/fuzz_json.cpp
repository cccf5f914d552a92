// Any bytes as JSON: the check of an event against a parser that the field trusts, and the reader that goes
// by a model's shape, whose document must be writable and mean the same when it is read again.
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
  // Stricter than the parser behind AWS's Invoke in what it takes for UTF-8 and for a number's range, so it
  // only proves one direction: what it accepts is JSON.
  if (Json::accept(text) && !good && size < 500) std::abort();

  static const models::Operation* const create = models::lambda::service.find_operation("CreateFunction");
  const Result<Json> read = wire::read_json(text, *create->input, false);
  if (!read) return 0;
  const std::string written = read->dump(-1, ' ', false, Json::error_handler_t::replace);
  const Result<Json> again = wire::read_json(written, *create->input, false);
  if (!again || again->dump(-1, ' ', false, Json::error_handler_t::replace) != written) std::abort();
  return 0;
}
