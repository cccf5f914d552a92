#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "base/log.hpp"

namespace aviary::app {
namespace {

/// Bucket notifications go wherever messages go.
class DeliveredEvents final : public s3::EventTarget {
 public:
  explicit DeliveredEvents(const Delivery& delivery) : delivery_(delivery) {}

  void deliver(Event event) override {
    Message message{.account = std::move(event.account),
                    .region = std::move(event.region),
                    .target = event.target,
                    .body = std::move(event.body),
                    .subject = "Amazon S3 Notification"};
    delivery_.send(std::move(message), [target = event.target](const std::optional<std::string>& problem) {
      if (problem) log::warn("a bucket's event did not arrive at {}: {}", target, *problem);
    });
  }
  bool exists(const std::string& target) const override { return delivery_.reaches(target); }

 private:
  const Delivery& delivery_;
};

/// What is sent to a bucket becomes an object of it.
Task<> put_into_bucket(Parts& parts, Message message, Delivery::Done done) {
  static const wire::Request no_request{};
  Call call{};
  call.operation = parts.s3->model().find_operation("PutObject");
  call.account = std::move(message.account);
  call.region = std::move(message.region);
  call.request_id = parts.s3_ids.uuid();
  call.now = parts.clock.now();
  call.input["Bucket"] = message.target.substr(message.target.rfind(':') + 1);
  call.input["Key"] = std::move(message.object_key);
  call.payload = std::move(message.body);
  call.http = &no_request;
  auto putting = parts.s3->call(std::move(call));
  const Result<Reply> reply = co_await std::move(putting);
  done(reply ? std::nullopt : std::optional(reply.error().message));
}

}  // namespace

void add_s3(Parts& parts) {
  parts.s3_events = std::make_unique<DeliveredEvents>(parts.delivery);
  parts.s3 = std::make_unique<s3::S3Service>(s3::S3Dependencies{.clock = parts.clock,
                                                                .ids = parts.s3_ids,
                                                                .journal = *parts.journal,
                                                                .bodies = *parts.bodies,
                                                                .executor = parts.loop.get_executor(),
                                                                .events = parts.s3_events.get()});
  parts.add(*parts.s3);
  // Behind S3, which is meant where a request says nothing else.
  parts.s3_control = std::make_unique<s3::ControlService>(
      s3::ControlDependencies{.buckets = parts.s3->buckets(), .access_points = parts.s3->access_points()});
  parts.add(*parts.s3_control);
  parts.delivery.add("s3", [&parts](Message message, Delivery::Done done) {
    parts.hooks.spawn("an object of a failed event",
                      put_into_bucket(parts, std::move(message), std::move(done)));
  });
}

}  // namespace aviary::app
