// Any bytes as a request: identify, route, decode, and encode whatever comes of it. Input: `METHOD target`,
// header lines, an empty line, the body.
#include <cctype>
#include <cstdlib>

#include "models/cloudwatch.hpp"
#include "models/lambda.hpp"
#include "wire/content_encoding.hpp"
#include "wire/protocol.hpp"

using namespace aviary;

namespace {

/// Enough of XML to see that every element ends where it should and nothing is in between that must not be.
bool is_well_formed(std::string_view xml) {
  std::vector<std::string_view> open;
  bool any = false;
  while (!xml.empty()) {
    if (xml.front() != '<') {
      const auto byte = static_cast<unsigned char>(xml.front());
      if (open.empty() || (byte < 0x20 && byte != '\t' && byte != '\n') || byte == '>') return false;
      xml.remove_prefix(1);
      continue;
    }
    const std::size_t end = xml.find('>');
    if (end == std::string_view::npos) return false;
    std::string_view tag = xml.substr(1, end - 1);
    xml.remove_prefix(end + 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
      continue;
    }
    if (open.empty() && any) return false;
    any = true;
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (name.empty() || std::isalpha(static_cast<unsigned char>(name.front())) == 0) return false;
    if (!empty) open.push_back(name);
  }
  return any && open.empty();
}

/// What goes out must be readable by those whom it is for.
void check(models::Protocol protocol, std::string_view body) {
  if (body.empty()) return;
  bool good = false;
  switch (protocol) {
    case models::Protocol::Query:
      good = is_well_formed(body);
      break;
    case models::Protocol::RpcV2Cbor:
      good = !Json::from_cbor(body, true, false, nlohmann::detail::cbor_tag_handler_t::ignore).is_discarded();
      break;
    default:
      good = !Json::parse(body, nullptr, false).is_discarded();
  }
  if (!good) std::abort();
}

}  // namespace

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

  static const models::Service* const services[] = {&models::lambda::service, &models::cloudwatch::service};
  const std::optional<wire::Target> target = wire::identify(request, services);
  // Also what is not recognised is tried as Lambda's: the way to the decoder should not need a signature by
  // chance.
  const models::Service& service = target ? *target->service : models::lambda::service;
  const models::Protocol protocol = target ? target->protocol : models::Protocol::RestJson;
  const wire::Codec* codec = wire::codec_for(protocol);
  if (codec == nullptr) return 0;
  const wire::AnswerContext context{.service = &service, .request_id = "id"};
  if (wire::is_compressed(request)) (void)wire::decompress(request, 1 << 20);
  const Result<wire::Match> match = codec->route(service, request);
  if (!match) {
    check(protocol, codec->encode_error(match.error(), context).body);
    return 0;
  }
  const Result<wire::Decoded> decoded = codec->decode(*match, request);
  if (!decoded) {
    check(protocol, codec->encode_error(decoded.error(), context).body);
    return 0;
  }
  // The input as if it were the output: values of the right and of the wrong type, any bytes in strings.
  for (const models::Operation& operation : service.operations) {
    const wire::Response response = codec->encode(operation, decoded->input, decoded->payload, 0, context);
    if (operation.output_payload == nullptr) check(protocol, response.body);
  }
  return 0;
}
