#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>

#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {
namespace {

using Problem = std::optional<std::string>;

/// What alarms do: a message to a topic, an event to a function, and, beyond what AWS offers, the message
/// posted to a URL, for tests that wait for an alarm.
class AlarmDelivery final : public cloudwatch::AlarmActions {
 public:
  explicit AlarmDelivery(Parts& parts) : parts_(parts) {}

  void perform(cloudwatch::AlarmAction action, Done done) override {
    if (action.target.starts_with("http://") || action.target.starts_with("https://")) {
      post(std::move(action), std::move(done));
      return;
    }
    const bool function = action.target.starts_with("arn:aws:lambda:");
    Delivery::Done report = [done, target = action.target, alarm = action.alarm_name](Problem problem) {
      if (problem) log::warn("alarm {}: {} was not told: {}", alarm, target, *problem);
      done(std::move(problem));
    };
    parts_.delivery.send({.account = std::move(action.scope.account),
                          .region = std::move(action.scope.region),
                          .target = std::move(action.target),
                          .body = function ? action.event.dump() : std::move(action.message),
                          .subject = std::move(action.subject)},
                         std::move(report));
  }

 private:
  void post(cloudwatch::AlarmAction action, Done done) {
    const std::optional<http::Url> url = http::parse_url(action.target);
    if (!url) {
      done("this is no URL");
      return;
    }
    http::Outgoing request = http::request_to(*url, "POST", parts_.trust);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(action.message);
    parts_.hooks.spawn("an alarm's hook", exchange(parts_, std::move(request), std::move(done)));
  }

  static Task<> exchange(Parts& parts, http::Outgoing request, Done done) {
    auto exchange = http::fetch(parts.loop.get_executor(), parts.stopwatch, std::move(request),
                                {.timeout = std::chrono::seconds(5)});
    const auto answer = co_await std::move(exchange);
    Problem problem;
    if (!answer) {
      problem = answer.error().text;
    } else if (answer->status / 100 != 2) {
      problem = fmt::format("it answered {}", answer->status);
    }
    done(std::move(problem));
  }

  Parts& parts_;
};

/// "CloudWatch Alarm State Change" on the account's default bus, where there is one.
void send_to_bus(Parts& parts, const cloudwatch::AlarmEvent& event) {
  std::string bus =
      fmt::format("arn:aws:events:{}:{}:event-bus/default", event.scope.region, event.scope.account);
  if (!parts.delivery.reaches(bus)) return;
  Message message{.account = event.scope.account,
                  .region = event.scope.region,
                  .target = std::move(bus),
                  .body = event.detail.dump(),
                  .source = "aws.cloudwatch",
                  .detail_type = "CloudWatch Alarm State Change"};
  parts.delivery.send(std::move(message), [name = event.name](const Problem& problem) {
    if (problem) log::warn("alarm {}: the event bus was not told: {}", name, *problem);
  });
}

}  // namespace

void add_cloudwatch(Parts& parts) {
  parts.alarm_actions = std::make_unique<AlarmDelivery>(parts);
  execution::Observations& observations = parts.runner->observations();
  const auto settle = [&observations] { observations.settle(); };
  parts.cloudwatch = std::make_unique<cloudwatch::CloudWatchService>(
      cloudwatch::CloudWatchDependencies{.clock = parts.clock,
                                         .journal = *parts.journal,
                                         .stopwatch = &parts.stopwatch,
                                         .actions = parts.alarm_actions.get(),
                                         .settle = settle});
  parts.cloudwatch->alarms().subscribe([&parts](const cloudwatch::AlarmEvent& event) {
    parts.happenings.add(fmt::format("alarm {}: {} -> {}", event.name, cloudwatch::name_of(event.from),
                                     cloudwatch::name_of(event.to)));
    send_to_bus(parts, event);
  });
  parts.probes["alarm"] = {.states = {"OK", "ALARM", "INSUFFICIENT_DATA"},
                           .find = [&parts](const std::string& account, const std::string& region,
                                            const std::string& name) -> std::optional<std::string> {
                             const auto state = parts.cloudwatch->alarms().state_of({account, region}, name);
                             if (!state) return std::nullopt;
                             return std::string(cloudwatch::name_of(*state));
                           }};
  parts.lambda_metrics = std::make_unique<LambdaMetrics>(parts.cloudwatch->metrics(), parts.clock);
  if (parts.options.observe) {
    observations.add_late(*parts.lambda_metrics);
    parts.lambda->add_event_observer(*parts.lambda_metrics);
    parts.lambda->mappings().engine().add_observer(*parts.lambda_metrics);
  }
  parts.add(*parts.cloudwatch);
}

}  // namespace aviary::app
