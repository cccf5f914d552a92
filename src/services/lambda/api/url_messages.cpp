#include "services/lambda/api/url_messages.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "gateway/payload_format.hpp"

namespace aviary::lambda {

std::string url_event(const wire::Request& request, const UrlCall& call) {
  const std::size_t mark = call.target.find('?');
  const std::string_view raw_path = call.target.substr(0, mark);
  PayloadCall said{.account = call.caller.account.empty() ? "anonymous" : call.caller.account,
                   .api_id = std::string(call.url_id),
                   .path = percent_decode(raw_path).value_or(std::string(raw_path)),
                   .query = std::string(mark == std::string_view::npos ? std::string_view{}
                                                                       : call.target.substr(mark + 1)),
                   .request_id = std::string(call.request_id),
                   .trace_id = std::string(call.trace_id),
                   .now = call.now};
  if (said.path.empty()) said.path = "/";
  if (!call.caller.account.empty()) {
    said.authorizer = OrderedJson::object();
    said.authorizer["iam"] = {{"accessKey", call.caller.access_key},
                              {"accountId", call.caller.account},
                              {"callerId", call.caller.access_key},
                              {"cognitoIdentity", nullptr},
                              {"principalOrgId", nullptr},
                              {"userArn", fmt::format("arn:aws:iam::{}:root", call.caller.account)},
                              {"userId", call.caller.access_key}};
  }
  return payload_event_2(request, said).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

wire::Response url_answer(Outcome outcome) {
  if (!outcome.function_error.empty()) return url_error(502, "Internal Server Error");
  std::optional<wire::Response> response = payload_answer_2(std::move(outcome.payload));
  return response ? std::move(*response) : url_error(502, "Internal Server Error");
}

wire::Response url_error(int status, std::string_view message, std::string_view type) {
  wire::Response response;
  response.status = status;
  if (type.empty()) {
    response.set("Content-Type", "text/plain");
    response.body = message;
    return response;
  }
  response.set("Content-Type", "application/json");
  response.set("x-amzn-ErrorType", std::string(type));
  response.body = OrderedJson{{"Message", message}}.dump();
  return response;
}

wire::Response url_forbidden() {
  return url_error(403,
                   "Forbidden. For troubleshooting Function URL authorization issues, see: "
                   "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
                   "AccessDeniedException");
}

wire::Response url_unknown() {
  wire::Response response = url_forbidden();
  response.body = R"({"Message":null})";
  return response;
}

wire::Response url_unrun(const AwsError& error) {
  wire::Response response = url_error(error.shape->status, error.message, error.shape->code);
  for (const auto& [name, value] : error.members)
    if (name == "Reason") response.body = Json{{"Message", error.message}, {"Reason", value}}.dump();
  return response;
}

}  // namespace aviary::lambda
