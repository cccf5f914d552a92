#include <utility>

#include "base/bounded_json.hpp"
#include "gateway/payload_format.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/response_pump.hpp"
#include "services/lambda/api/url_messages.hpp"

/// Function URLs with InvokeMode RESPONSE_STREAM.
namespace aviary::lambda {
namespace {

/// As `awslambda.HttpResponseStream.from` names its stream: a JSON prelude with status, headers and cookies,
/// eight zero bytes, then the body.
constexpr std::string_view with_prelude = "application/vnd.awslambda.http-integration-response";
constexpr std::string_view prelude_end{"\0\0\0\0\0\0\0\0", 8};
constexpr std::size_t longest_prelude = 64 * 1024;

/// Takes the prelude off what a function writes.
struct UrlHead {
  wire::Response response;
  std::string held;       ///< of a prelude that is not complete
  bool complete = false;  ///< the response's head is known

  std::string body_of(std::string_view piece) {
    if (complete) return std::string(piece);
    held += piece;
    const std::size_t end = held.find(prelude_end);
    if (end == std::string::npos && held.size() < longest_prelude) return {};
    complete = true;
    std::string body;
    if (end != std::string::npos) body = held.substr(end + prelude_end.size());
    Json prelude = parse_bounded<Json>(held.substr(0, end));
    if (prelude.is_object() && !prelude.contains("statusCode")) prelude["statusCode"] = 200;
    std::optional<wire::Response> said;
    if (prelude.is_object()) said = explicit_answer(prelude);
    response = said ? std::move(*said) : url_error(502, "Internal Server Error");
    return said ? body : std::string();
  }
};

}  // namespace

Task<wire::Response> LambdaService::stream_url(Invocation invocation) {
  auto run = std::make_shared<StreamedRun>();
  auto head = std::make_shared<UrlHead>();
  const std::weak_ptr<StreamedRun> weak = run;
  run->pump = std::make_shared<ResponsePump>([head, weak](std::string_view piece) {
    std::string body = head->body_of(piece);
    if (const auto told = weak.lock(); told && head->complete) told->begun.set(true);
    return body;
  });
  run->pump->start();
  run->conclude = [head](StreamedRun& ended, Result<Outcome> outcome) {
    const bool well = outcome && outcome->function_error.empty();
    if (!head->complete) {
      // Nothing went out yet: the answer can still be any.
      head->complete = true;
      head->response = well ? wire::Response{} : url_error(502, "Internal Server Error");
      if (well) head->response.set("Content-Type", "application/json");
      if (well) ended.pump->out->write(outcome->streamed ? head->held : outcome->payload);
      if (!well) ended.pump->out->write(head->response.body);
      ended.pump->finish({});
      return;
    }
    ended.pump->finish({}, well);
  };
  invocation.stream = run->pump->in;
  invocation.stream_begins = [run, head](std::string_view content_type) {
    run->has_begun = true;
    if (content_type == with_prelude) return;
    head->complete = true;
    head->response.set("Content-Type", std::string(content_type));
    run->begun.set(true);
  };
  background_.spawn("streamed invocation", run_streamed(std::move(invocation), run));
  auto beginning = run->begun.wait();
  co_await std::move(beginning);
  if (run->error) {
    run->pump->out->close();
    co_return url_unrun(*run->error);
  }
  wire::Response response = std::move(head->response);
  response.body.clear();
  response.stream = run->pump->out;
  co_return response;
}

}  // namespace aviary::lambda
