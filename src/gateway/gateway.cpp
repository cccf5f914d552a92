#include "gateway/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "gateway/signature.hpp"
#include "gateway/unchunked_body.hpp"
#include "wire/aws_cbor_codec.hpp"
#include "wire/aws_chunked.hpp"
#include "wire/content_encoding.hpp"
#include "wire/event_stream.hpp"

namespace aviary {
namespace {

/// Recorded for CreateFunction.
constexpr std::size_t request_limit = 70'167'211;
/// Not to be read while others wait.
constexpr std::size_t large_body = 1 << 20;

bool is_rpc(models::Protocol protocol) {
  return protocol != models::Protocol::RestJson && protocol != models::Protocol::RestXml;
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

const wire::Codec& error_codec(const std::optional<wire::Target>& target) {
  if (target)
    if (const wire::Codec* codec = wire::codec_for(target->protocol)) return *codec;
  return *wire::codec_for(models::Protocol::RestJson);
}

wire::AnswerContext context_of(const std::optional<wire::Target>& target, std::string_view request_id) {
  return {.service = target ? target->service : nullptr, .request_id = request_id};
}

/// Names the service that the request was signed for, or that its target does.
std::string nobody_answers(const wire::Request& request) {
  std::string wanted;
  if (const std::optional<wire::CredentialScope> scope = wire::credential_scope(request))
    wanted = scope->service;
  return wanted.empty() ? fmt::format("No service of Aviary answers {} {}.", request.method, request.path())
                        : fmt::format("Aviary has no service {} yet: nobody answers {} {}.", wanted,
                                      request.method, request.path());
}

std::string base_url(const wire::Request& request) {
  const std::string_view host = request.header("host");
  if (!host.empty()) return fmt::format("http://{}", host);
  return fmt::format("http://127.0.0.1:{}", request.local_port);
}

}  // namespace

Gateway::Gateway(Clock& clock, Random& ids, Journal& journal, GatewayOptions options)
    : clock_(clock), ids_(ids), journal_(journal), options_(std::move(options)) {}

void Gateway::add(Service& service) {
  services_.push_back(&service);
  models_.push_back(&service.model());
}

bool Gateway::takes_stream(const wire::Request& request) const {
  const std::optional<wire::Target> target = wire::identify(request, models_);
  const wire::Codec* codec = target ? wire::codec_of(*target, request) : nullptr;
  if (codec == nullptr) return false;
  const auto service = std::ranges::find(services_, target->service, [](Service* s) { return &s->model(); });
  const Result<wire::Match> match = codec->route(*target->service, request);
  return match && (*service)->takes_stream(*match->operation);
}

wire::Response Gateway::refuse_size(const wire::Request& request) {
  // Invoke has the smaller limit of a payload, and names itself differently.
  constexpr std::size_t payload_limit = 6'291'456;
  const std::optional<wire::Target> target = wire::identify(request, models_);
  const wire::Codec& codec = error_codec(target);
  std::string operation = "requested";
  if (target) {
    const Result<wire::Match> match = codec.route(*target->service, request);
    if (match) operation = match->operation->name;
  }
  const bool invoke = operation == "Invoke";
  const AwsError error(
      wire::errors::RequestEntityTooLarge,
      fmt::format("Request must be smaller than {} bytes for the {} operation",
                  invoke ? payload_limit : request_limit, invoke ? "InvokeFunction" : operation));
  ++counts_.requests;
  ++counts_.client_errors;
  std::string request_id = ids_.uuid();
  wire::Response response = codec.encode_error(error, context_of(target, request_id));
  response.set("x-amzn-RequestId", std::move(request_id));
  return response;
}

Task<wire::Response> Gateway::handle(wire::Request request) {
  ++counts_.requests;
  std::string request_id = ids_.uuid();
  std::string failure;
  wire::Response response;
  std::optional<wire::Target> target;
  try {
    target = wire::identify(request, models_);
    response = co_await answer(std::move(request), target, request_id);
  } catch (const std::exception& escaped) {
    failure = escaped.what();
    if (failure.empty()) failure = "unknown";
  }
  if (!failure.empty()) {
    // An exception is a bug of ours: the caller gets what AWS says to its own, the log gets the rest.
    log::error("request {} failed inside: {}", request_id, failure);
    const AwsError error(
        wire::errors::InternalFailure,
        "The request processing has failed because of an unknown error, exception or failure.");
    response = error_codec(target).encode_error(error, context_of(target, request_id));
  }
  if (response.status >= 500) {
    ++counts_.server_errors;
  } else if (response.status >= 400) {
    ++counts_.client_errors;
  }
  response.set("x-amzn-RequestId", std::move(request_id));
  co_return response;
}

/// What the references name lives in the caller's frame, which waits for this.
Task<Result<wire::Decoded>> Gateway::decode(const wire::Codec& codec, const wire::Match& match,
                                            wire::Request& request) const {
  if (options_.workers == nullptr || request.body.size() < large_body) co_return codec.decode(match, request);
  auto work = [&codec, &match, &request] { return codec.decode(match, request); };
  Result<wire::Decoded> decoded = co_await options_.workers->run(std::move(work));
  co_return decoded;
}

/// Likewise. Before the route is known, as the query protocol names the operation in the body.
Task<Result<>> Gateway::decompress(wire::Request& request) const {
  if (options_.workers == nullptr || request.body.size() < large_body / 16)
    co_return wire::decompress(request, request_limit);
  auto work = [&request] { return wire::decompress(request, request_limit); };
  Result<> done = co_await options_.workers->run(std::move(work));
  co_return done;
}

Task<wire::Response> Gateway::answer(wire::Request request, std::optional<wire::Target> target,
                                     std::string request_id) {
  const wire::AnswerContext context = context_of(target, request_id);
  const wire::Codec* codec = target ? wire::codec_of(*target, request) : nullptr;
  if (codec == nullptr) {
    const std::string text =
        target ? fmt::format("Aviary does not speak this protocol to {} yet.", target->service->id)
               : nobody_answers(request);
    const AwsError error(target ? wire::errors::NotImplemented : wire::errors::UnknownOperationException,
                         text);
    co_return error_codec(target).encode_error(error, context);
  }

  if (options_.authenticate) {
    const Result<> allowed = options_.authenticate(request);
    if (!allowed) co_return codec->encode_error(allowed.error(), context);
  }
  std::unique_ptr<const CallerIdentity> caller;
  if (authorizer_ != nullptr) {
    Result<CallerIdentity> found = authorizer_->identify(request);
    if (!found) co_return codec->encode_error(found.error(), context);
    caller = std::make_unique<const CallerIdentity>(std::move(*found));
  }

  if (is_rpc(target->protocol) && wire::is_compressed(request)) {
    const Result<> plain = co_await decompress(request);
    if (!plain) co_return codec->encode_error(plain.error(), context);
  }

  const Result<wire::Match> match = codec->route(*target->service, request);
  if (!match) co_return codec->encode_error(match.error(), context);
  Result<wire::Decoded> decoded = co_await decode(*codec, *match, request);
  const auto service = std::ranges::find(services_, target->service, [](Service* s) { return &s->model(); });
  if (!decoded) {
    AwsError error = decoded.error();
    const ErrorShape* own = (*service)->violation_error();
    if (own != nullptr && error.shape == &wire::errors::ValidationException) error.shape = own;
    co_return codec->encode_error(error, context);
  }

  const std::optional<wire::CredentialScope> credential = wire::credential_scope(request);
  Call call{
      .operation = match->operation,
      .account = credential && is_account_id(credential->access_key_id) ? credential->access_key_id
                                                                        : options_.default_account,
      .region = credential && !credential->region.empty() ? credential->region : options_.default_region,
      .request_id = request_id,
      .now = clock_.now(),
      .input = std::move(decoded->input),
      .payload = std::move(decoded->payload),
      .http = &request,
      .base_url = base_url(request)};
  std::unique_ptr<BodySource> unchunked;
  if (request.incoming != nullptr) {
    const bool chunked = wire::is_aws_chunked(request);
    if (chunked) unchunked = std::make_unique<UnchunkedBody>(*request.incoming);
    call.incoming = chunked ? unchunked.get() : request.incoming;
    if ((options_.authenticate || (caller && caller->verified)) && !chunked)
      call.payload_sha256 = signed_payload_hash(request);
  }

  if (caller) {
    call.account = caller->account;
    call.caller = caller.get();
    auto asking = authorizer_->authorize(*target->service, call);
    const Result<> allowed = co_await std::move(asking);
    if (!allowed) co_return codec->encode_error(allowed.error(), context);
  }
  Result<Reply> reply = co_await (*service)->call(std::move(call));
  // Reads wait as well: what they saw must not be lost either.
  if (!journal_.is_settled()) co_await journal_.settled();
  if (!reply) co_return codec->encode_error(reply.error(), context);

  wire::Response response =
      codec->encode(*match->operation, reply->output, std::move(reply->payload), reply->status, context);
  for (auto& [name, value] : reply->headers) response.set(std::move(name), std::move(value));
  if (reply->stream) {
    response.body.clear();
    std::erase_if(response.headers, [](const auto& header) {
      return wire::equals_ignoring_case(header.first, "content-type");
    });
    response.set("Content-Type", std::string(wire::event_stream_content_type));
    response.stream = std::move(reply->stream);
  }
  response.source = std::move(reply->source);
  response.source_size = reply->source_size;
  co_return response;
}

}  // namespace aviary
