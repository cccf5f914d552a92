#include "http/default_words.hpp"

#include <fmt/format.h>

namespace aviary::http {
namespace {

struct Words {
  std::string_view type;
  std::string text;
};

Words words_for(const Refused& refused) {
  switch (refused.why) {
    case Refusal::Malformed:
      return {"BadRequestException", "The request is not well-formed HTTP."};
    case Refusal::Truncated:
      return {"BadRequestException", "The request ended before its body was complete."};
    case Refusal::Timeout:
      return {"RequestTimeoutException", "The request took too long to arrive."};
    case Refusal::BodyTooLarge:
      // Lambda's own words, without the operation that it names at the end.
      return {"RequestEntityTooLargeException",
              fmt::format("Request must be smaller than {} bytes", refused.limit)};
    case Refusal::HeadersTooLarge:
      return {"RequestHeaderFieldsTooLargeException",
              fmt::format("Request line and headers must be smaller than {} bytes", refused.limit)};
    case Refusal::HandlerFailed:
      return {"ServiceException", "Internal failure; the server's log says more."};
    case Refusal::Unsupported:
      return {"NotImplementedException", "Only the transfer coding chunked is understood."};
  }
  return {"ServiceException", "Internal failure"};
}

}  // namespace

wire::Response default_words(const Refused& refused) {
  const Words words = words_for(refused);
  wire::Response response;
  response.status = refused.status;
  response.set("Content-Type", "application/json");
  response.set("x-amzn-ErrorType", std::string(words.type));
  response.body = fmt::format(R"({{"message":"{}"}})", words.text);
  return response;
}

}  // namespace aviary::http
