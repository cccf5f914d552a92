#include <fmt/format.h>

#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "app/wiring/forwarded.hpp"
#include "app/wiring/wiring.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view responses_root = "/_aviary/responses/";

/// What a stack asks of another service goes the way of a client's call: fitted to the model's shapes,
/// validated, answered by the service itself.
class ServicesCloud final : public cloudformation::Cloud {
 public:
  explicit ServicesCloud(Parts& parts) : parts_(parts) {}

  Task<Result<Json>> call(Ask ask) override {
    if (ask.service == "s3" && ask.operation == "GetObject") {
      // The answer is a stream of bytes; a stack wants a document.
      auto fetching =
          fetch(ask.input.value("Bucket", ""), ask.input.value("Key", ""), ask.input.value("VersionId", ""));
      Result<std::string> bytes = co_await std::move(fetching);
      if (!bytes) co_return bytes.error();
      co_return Json{{"Body", std::move(*bytes)}};
    }
    auto calling = call_service(parts_, {.service = std::move(ask.service),
                                         .operation = std::move(ask.operation),
                                         .account = std::move(ask.account),
                                         .region = std::move(ask.region),
                                         .input = std::move(ask.input)});
    Result<Json> answer = co_await std::move(calling);
    co_return answer;
  }

  Task<Result<std::string>> fetch(std::string bucket, std::string key, std::string version) override {
    constexpr std::uint64_t most_bytes = 2 << 20;  // templates have 1 MB at most, definitions of APIs 2 MB
    Result<std::string> bytes =
        co_await parts_.s3->fetch(std::move(bucket), std::move(key), std::move(version), most_bytes);
    co_return bytes;
  }

 private:
  Parts& parts_;
};

/// The service with what it stands on.
class CloudFormationParts final : public Forwarded {
 public:
  explicit CloudFormationParts(Parts& parts)
      : cloud_(parts),
        service_({.clock = parts.clock,
                  .ids = parts.stack_ids,
                  .journal = *parts.journal,
                  .cloud = cloud_,
                  .responses_url = parts.endpoint() + std::string(responses_root),
                  .records_unknown = parts.options.record_unknown_types,
                  .settling = parts.options.activation_delay,
                  .executor = parts.loop.get_executor()}),
        deployments_(*parts.codedeploy),
        listening_(deployments_.subscribe(
            [this](const codedeploy::Deployment& deployment) { service_.tell(deployment.id); })),
        alarms_(parts.cloudwatch->alarms()),
        watching_(alarms_.subscribe([this](const cloudwatch::AlarmEvent& event) {
          if (event.to == cloudwatch::AlarmState::Alarm)
            service_.on_alarm(fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", event.scope.region,
                                          event.scope.account, event.name));
        })) {
    parts.stack_rests = [this](std::string id) { return service_.rests(std::move(id)); };
  }
  ~CloudFormationParts() override {
    deployments_.unsubscribe(listening_);
    alarms_.unsubscribe(watching_);
  }

  /// Where functions of custom resources say how it went, as at AWS a bucket's presigned URL.
  wire::Response take_response(const wire::Request& request) {
    const std::string token(request.path().substr(responses_root.size()));
    if (!service_.receive_response(token, request.body))
      return error_response(404, "Nobody waits for a response here any more.");
    return text_response("");
  }

 private:
  const Service& inner() const override { return service_; }

  ServicesCloud cloud_;
  cloudformation::CloudFormationService service_;
  codedeploy::CodeDeployService& deployments_;
  std::uint64_t listening_;
  cloudwatch::Alarms& alarms_;
  std::uint64_t watching_;
};

}  // namespace

void add_cloudformation(Parts& parts) {
  auto service = std::make_unique<CloudFormationParts>(parts);
  parts.admin.add(
      "PUT", std::string(responses_root) + '*',
      [own = service.get()](const wire::Request& request) { return own->take_response(request); });
  parts.add(*service);
  parts.others.push_back(std::move(service));
}

}  // namespace aviary::app
