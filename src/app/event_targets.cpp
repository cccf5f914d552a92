#include "app/event_targets.hpp"

#include "app/parts.hpp"
#include "http/client.hpp"

namespace aviary::app {
namespace {

/// "API destinations have a maximum client execution timeout of 5 seconds."
constexpr http::FetchLimits destination_limits{.timeout = std::chrono::milliseconds(5000)};

Task<> call_destination(Parts& parts, http::Outgoing request, events::Targets::Answered answered) {
  const boost::asio::any_io_executor loop = parts.loop.get_executor();
  const auto answer = co_await http::fetch(loop, parts.stopwatch, std::move(request), destination_limits);
  events::HttpAnswer said;
  if (answer) {
    said.status = static_cast<int>(answer->status);
  } else {
    said.problem = answer.error().text;
  }
  answered(said);
}

}  // namespace

EventTargets::EventTargets(Parts& parts) : parts_(parts), calls_(parts.loop.get_executor()) {}

void EventTargets::ship(events::Shipment shipment, Done done) {
  parts_.delivery.send({.account = std::move(shipment.sender.account),
                        .region = std::move(shipment.sender.region),
                        .target = std::move(shipment.target),
                        .body = std::move(shipment.body),
                        .group_id = std::move(shipment.group),
                        .deduplication_id = std::move(shipment.deduplication_id),
                        .attributes = std::move(shipment.attributes)},
                       std::move(done));
}

void EventTargets::call(events::HttpCall call, Answered answered) {
  const std::optional<http::Url> url = http::parse_url(call.url);
  if (!url) {
    answered({.status = 400, .problem = "the endpoint is no http or https URL"});
    return;
  }
  http::Outgoing request = http::request_to(*url, std::move(call.method), parts_.trust);
  request.headers = std::move(call.headers);
  request.body = std::move(call.body);
  calls_.spawn("an event to an API destination",
               call_destination(parts_, std::move(request), std::move(answered)));
}

bool EventTargets::reaches(const std::string& arn) const { return parts_.delivery.reaches(arn); }

Task<> EventTargets::stop() {
  calls_.cancel();
  co_await calls_.join();
}

}  // namespace aviary::app
