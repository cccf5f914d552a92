#include <fmt/format.h>

#include <charconv>

#include "services/cloudformation/core/custom_resource.hpp"
#include "services/cloudformation/jobs/run.hpp"

/// Resources that others make: functions and topics that are told so, hosts that signal.
namespace aviary::cloudformation {
namespace {

/// How the event gets to whom `ServiceToken` names; nothing for what is neither a function nor a topic.
std::optional<Cloud::Ask> message_to(const std::string& token, const Context& context, const Json& event) {
  Cloud::Ask ask{context.account, context.region, "", "", Json::object()};
  const std::string text = event.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (token.starts_with("arn:") && token.find(":lambda:") != std::string::npos) {
    ask.service = "lambda";
    ask.operation = "Invoke";
    ask.input = {{"FunctionName", token}, {"InvocationType", "Event"}, {"Payload", text}};
  } else if (token.starts_with("arn:") && token.find(":sns:") != std::string::npos) {
    ask.service = "sns";
    ask.operation = "Publish";
    ask.input = {
        {"TopicArn", token}, {"Subject", "AWS CloudFormation custom resource request"}, {"Message", text}};
  } else {
    return std::nullopt;
  }
  return ask;
}

}  // namespace

Task<Deployer::Outcome> Deployer::ask_function(std::string request_type, Context context, std::string type,
                                               Existing existing, Json properties) {
  Outcome outcome;
  const bool creates = request_type == "Create";
  if (!creates) {
    outcome.exists = true;
    outcome.made = {existing.physical_id, existing.attributes};
  }
  if (request_type == "Update" && differs(existing.properties, properties, "ServiceToken")) {
    outcome.problem = "Modifying service token is not allowed.";
    co_return outcome;
  }
  CustomRequest request;
  request.request_type = std::move(request_type);
  request.type = std::move(type);
  request.request_id = ids_.uuid();
  request.response_url = responses_.open();
  request.physical_id = existing.physical_id;
  request.properties = std::move(properties);
  if (request.request_type == "Update") request.old_properties = std::move(existing.properties);
  const Json event = custom_event(request, context);
  std::optional<Cloud::Ask> ask =
      message_to(property_text(request.properties, "ServiceToken"), context, event);
  if (!ask) {
    responses_.close(request.response_url);
    outcome.problem = "Invalid service token.";
    co_return outcome;
  }
  const Instant deadline = clock_.now() + custom_timeout(request.properties);
  Result<Json> sent = co_await cloud_.call(std::move(*ask));
  if (!sent) {
    responses_.close(request.response_url);
    // A function that is gone can take nothing away any more; CloudFormation fails there, too.
    outcome.problem = sent.error().message;
    co_return outcome;
  }
  const std::string place = Responses::token_of(request.response_url);
  while (responses_.received(request.response_url).empty() && clock_.now() < deadline &&
         !gives_up(context.stack_id))
    co_await waiters_.wait(place, deadline);
  std::optional<std::string> body;
  if (const auto& received = responses_.received(request.response_url); !received.empty())
    body = received.front();
  responses_.close(request.response_url);
  if (!body) {
    outcome.problem =
        gives_up(context.stack_id)
            ? given_up(context)
            : fmt::format(
                  "CloudFormation did not receive a response from your Custom Resource. Please "
                  "check your logs for requestId [{}]. If you are using the Python cfn-response "
                  "module, you may need to update your Lambda function code so that "
                  "CloudFormation can attach the updated version.",
                  request.request_id);
    // It may have made something and only not said so: it is told Delete, by a name that CloudFormation
    // gives.
    if (creates && !stopping_) {
      outcome.exists = true;
      outcome.made.physical_id = context.name(Json::object(), "PhysicalResourceId", 255);
    }
    co_return outcome;
  }
  CustomAnswer answer = read_custom_answer(*body, request, context);
  if (!answer.success) outcome.problem = std::move(answer.problem);
  // What a failed creation names is taken away again.
  if (creates && !answer.physical_id.empty()) outcome.exists = true;
  if (answer.success || (creates && outcome.exists)) {
    if (request.request_type != "Delete") outcome.made = {answer.physical_id, std::move(answer.data)};
    outcome.no_echo = answer.no_echo;
  }
  co_return outcome;
}

Task<Deployer::Outcome> Deployer::await_signals(Context context, Json properties) {
  Outcome outcome;
  const std::string handle = property_text(properties, "Handle");
  const auto number = [&](const char* name, int otherwise) {
    const std::string text = property_text(properties, name);
    int value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const int count = number("Count", 1);
  const int seconds = number("Timeout", 43200);
  if (handle.empty() || count < 1 || seconds < 1 || seconds > 43200) {
    outcome.problem =
        "Properties validation failed: Handle, Count of at least 1, Timeout of 1 to 43200 seconds";
    co_return outcome;
  }
  responses_.reopen(handle);
  const std::string place = Responses::token_of(handle);
  const Instant deadline = clock_.now() + std::chrono::seconds(seconds);
  Json data = Json::object();
  while (true) {
    std::string failure;
    data = Json::object();
    for (const std::string& body : responses_.received(handle))
      if (const std::optional<Signal> signal = read_signal(body)) {
        if (signal->success) {
          data[signal->id] = signal->data;
        } else if (failure.empty()) {
          failure = signal->reason;
        }
      }
    if (!failure.empty()) {
      outcome.problem = fmt::format("WaitCondition received failed message: '{}'", failure);
      co_return outcome;
    }
    if (static_cast<int>(data.size()) >= count) break;
    if (clock_.now() >= deadline || gives_up(context.stack_id)) {
      outcome.problem = gives_up(context.stack_id)
                            ? given_up(context)
                            : fmt::format("WaitCondition timed out. Received {} conditions when expecting {}",
                                          data.size(), count);
      co_return outcome;
    }
    co_await waiters_.wait(place, deadline);
  }
  outcome.exists = true;
  outcome.made.physical_id =
      context.arn("cloudformation", "waitcondition/" + context.name(Json::object(), "Id", 128));
  outcome.made.attributes = {{"Data", data.dump()}};
  co_return outcome;
}

}  // namespace aviary::cloudformation
