// Any bytes as a request: identify, route, decode, and encode whatever comes of it. Input: `METHOD target`,
// header lines, an empty line, the body.
#include <cstdlib>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

using namespace aviary;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const std::size_t end = rest.find('\n');
    const std::string_view text = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return text;
  };
  wire::Request request;
  const std::string_view first = line();
  request.method = first.substr(0, first.find(' '));
  request.target = first.find(' ') == std::string_view::npos ? first : first.substr(first.find(' ') + 1);
  for (std::string_view header = line(); !header.empty(); header = line()) {
    const std::size_t colon = header.find(':');
    request.headers.emplace_back(header.substr(0, colon), colon == std::string_view::npos
                                                              ? std::string_view{}
                                                              : header.substr(colon + 1));
  }
  request.body = rest;

  static const models::Service* const services[] = {&models::lambda::service};
  const std::optional<wire::Target> target = wire::identify(request, services);
  // Also what is not recognised is tried as Lambda's: the way to the decoder should not need a signature by
  // chance.
  const models::Service& service = target ? *target->service : models::lambda::service;
  const wire::Codec* codec = wire::codec_for(target ? target->protocol : models::Protocol::RestJson);
  if (codec == nullptr) return 0;
  const Result<wire::Match> match = codec->route(service, request);
  if (!match) {
    if (Json::parse(codec->encode_error(match.error()).body, nullptr, false).is_discarded()) std::abort();
    return 0;
  }
  const Result<wire::Decoded> decoded = codec->decode(*match, request);
  if (!decoded) {
    if (Json::parse(codec->encode_error(decoded.error()).body, nullptr, false).is_discarded()) std::abort();
    return 0;
  }
  // The input as if it were the output: values of the right and of the wrong type, any bytes in strings.
  for (const models::Operation& operation : service.operations) {
    const wire::Response response = codec->encode(operation, decoded->input, decoded->payload, 0);
    if (operation.output_payload == nullptr && !response.body.empty() &&
        Json::parse(response.body, nullptr, false).is_discarded())
      std::abort();
  }
  return 0;
}
