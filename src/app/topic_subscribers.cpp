#include "app/topic_subscribers.hpp"

#include <fmt/format.h>

#include "app/parts.hpp"
#include "http/client.hpp"

namespace aviary::app {
namespace {

Task<> post(Parts& parts, http::Outgoing request, sns::Subscribers::Done done) {
  const boost::asio::any_io_executor loop = parts.loop.get_executor();
  const auto answer = co_await http::fetch(loop, parts.stopwatch, std::move(request));
  sns::Arrival arrival;
  if (!answer) {
    arrival = {.arrived = false, .worth_another_try = true, .problem = answer.error().text};
  } else {
    // As SNS sees it: 4xx is the endpoint's word, but for 429; 5xx may pass.
    const int status = answer->status;
    arrival.arrived = status >= 200 && status < 300;
    arrival.worth_another_try = status >= 500 || status == 429;
    if (!arrival.arrived) arrival.problem = fmt::format("the endpoint answered {}", status);
  }
  done(std::move(arrival));
}

sqs::Draft draft_of(sns::Parcel& parcel) {
  sqs::Draft draft{.body = std::move(parcel.body), .sender = parcel.sender.account};
  for (auto& [name, attribute] : parcel.attributes)
    draft.attributes[name] = {.data_type = std::move(attribute.data_type),
                              .value = std::move(attribute.value)};
  if (parcel.endpoint.ends_with(".fifo")) {
    draft.group = std::move(parcel.group);
    draft.deduplication_id = std::move(parcel.deduplication_id);
  }
  return draft;
}

}  // namespace

TopicSubscribers::TopicSubscribers(Parts& parts) : parts_(parts), posts_(parts.loop.get_executor()) {}

Task<> TopicSubscribers::stop() {
  posts_.cancel();
  co_await posts_.join();
}

void TopicSubscribers::hand_over(sns::Parcel parcel, Done done) {
  if (parcel.protocol == "sqs") {
    const sqs::QueueId queue = sqs::parse_queue_arn(parcel.endpoint);
    const Result<sqs::Sent> sent = parts_.sqs->send(queue, draft_of(parcel));
    done({.arrived = sent.has_value(), .problem = sent ? std::string() : sent.error().message});
    return;
  }
  if (parcel.protocol == "lambda") {
    const Result<std::string> accepted =
        parts_.lambda->accept_from_neighbour({.caller = {parcel.sender.account, parcel.sender.region},
                                              .function = parcel.endpoint,
                                              .payload = std::move(parcel.body)});
    done({.arrived = accepted.has_value(), .problem = accepted ? std::string() : accepted.error().message});
    return;
  }
  const std::optional<http::Url> url = http::parse_url(parcel.endpoint);
  if (!url) {
    done({.problem = "the endpoint is no http or https URL"});
    return;
  }
  http::Outgoing request = http::request_to(*url, "POST", parts_.trust);
  request.headers = std::move(parcel.headers);
  request.body = std::move(parcel.body);
  posts_.spawn("a topic's message to an HTTP server", post(parts_, std::move(request), std::move(done)));
}

}  // namespace aviary::app
