#include <algorithm>

#include "base/encoding.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/response_pump.hpp"
#include "wire/event_stream.hpp"

/// InvokeWithResponseStream: the response as an event stream, while the function writes it.
namespace aviary::lambda {
namespace {

constexpr std::size_t chunk_size = 64 * 1024;

std::string payload_chunk(std::string_view piece) {
  return wire::event_message("PayloadChunk", "application/octet-stream", piece);
}

std::string invoke_complete(const Json& members) {
  return wire::event_message("InvokeComplete", "application/json", members.dump());
}

/// How it ended, for a caller who may have had much of it.
void conclude_events(StreamedRun& run, bool tail_log, const Result<Outcome>& outcome) {
  Json members = Json::object();
  if (!outcome) {
    members["ErrorCode"] = outcome.error().shape->code;
    members["ErrorDetails"] = outcome.error().message;
  } else if (!outcome->function_error.empty()) {
    members["ErrorCode"] = outcome->function_error;
    members["ErrorDetails"] = outcome->payload;
  } else if (!outcome->streamed) {
    // A runtime that answers in one piece.
    const std::string_view whole = outcome->payload;
    for (std::size_t at = 0; at < whole.size(); at += chunk_size)
      run.pump->out->write(payload_chunk(whole.substr(at, chunk_size)));
  }
  if (outcome && tail_log) members["LogResult"] = base64_encode(outcome->log_tail);
  run.pump->finish(invoke_complete(members));
}

}  // namespace

/// Runs it to its end in the background; the caller is answered as soon as there is something to see.
Task<> LambdaService::run_streamed(Invocation invocation, std::shared_ptr<StreamedRun> run) {
  auto running = runner_.run(std::move(invocation));
  Result<Outcome> outcome = co_await std::move(running);
  if (!outcome && !run->has_begun)
    run->error = outcome.error();
  else
    run->conclude(*run, std::move(outcome));
  run->begun.set(true);
}

LambdaService::Answer LambdaService::stream_response(Invocation invocation) {
  auto run = std::make_shared<StreamedRun>();
  run->pump = std::make_shared<ResponsePump>(&payload_chunk);
  run->pump->start();
  run->conclude = [tail = invocation.tail_log](StreamedRun& ended, Result<Outcome> outcome) {
    conclude_events(ended, tail, outcome);
  };
  const std::string version = invocation.version->number;
  invocation.stream = run->pump->in;
  invocation.stream_begins = [run](std::string_view) {
    run->has_begun = true;
    run->begun.set(true);
  };
  background_.spawn("streamed invocation", run_streamed(std::move(invocation), run));
  auto beginning = run->begun.wait();
  co_await std::move(beginning);
  if (run->error) {
    run->pump->out->close();  // nobody will read it
    co_return *run->error;
  }
  Reply reply;
  reply.output["ExecutedVersion"] = version;
  reply.stream = run->pump->out;
  co_return reply;
}

}  // namespace aviary::lambda
