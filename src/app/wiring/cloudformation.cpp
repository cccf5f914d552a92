#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "app/wiring/wiring.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"

namespace aviary::app {
namespace {

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
    Result<std::string> bytes =
        co_await parts_.s3->fetch(std::move(bucket), std::move(key), std::move(version));
    co_return bytes;
  }

 private:
  Parts& parts_;
};

/// The service with what it stands on.
class CloudFormationParts final : public Service {
 public:
  explicit CloudFormationParts(Parts& parts)
      : cloud_(parts),
        service_({.clock = parts.clock,
                  .stopwatch = parts.stopwatch,
                  .ids = parts.stack_ids,
                  .journal = *parts.journal,
                  .cloud = cloud_,
                  .executor = parts.loop.get_executor()}) {}

  const models::Service& model() const override { return service_.model(); }
  Task<Result<Reply>> call(Call call) override { return service_.call(std::move(call)); }
  std::vector<std::string_view> supported_operations() const override {
    return service_.supported_operations();
  }
  void restore() override { service_.restore(); }
  void reset() override { service_.reset(); }
  Task<> stop() override { return service_.stop(); }
  Json counts() const override { return service_.counts(); }

 private:
  ServicesCloud cloud_;
  cloudformation::CloudFormationService service_;
};

}  // namespace

void add_cloudformation(Parts& parts) {
  auto service = std::make_unique<CloudFormationParts>(parts);
  parts.add(*service);
  parts.others.push_back(std::move(service));
}

}  // namespace aviary::app
