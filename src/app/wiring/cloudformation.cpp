#include <fmt/format.h>

#include <algorithm>

#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "wire/coerce.hpp"
#include "wire/validate.hpp"

namespace aviary::app {
namespace {

/// What a stack asks of another service goes the way of a client's call: fitted to the model's shapes,
/// validated, answered by the service itself.
class ServicesCloud final : public cloudformation::Cloud {
 public:
  explicit ServicesCloud(Parts& parts) : parts_(parts) {}

  Task<Result<Json>> call(Ask ask) override {
    const auto found = std::ranges::find_if(
        parts_.services, [&](Service* service) { return service->model().id == ask.service; });
    if (found == parts_.services.end())
      co_return AwsError(wire::errors::NotImplemented,
                         fmt::format("Aviary has no service {} yet.", ask.service));
    Service& service = **found;
    const models::Operation* operation = service.model().find_operation(ask.operation);
    if (operation == nullptr)
      co_return AwsError(wire::errors::UnknownOperationException,
                         fmt::format("There is no {}", ask.operation));
    Call call{};
    call.operation = operation;
    call.account = ask.account;
    call.region = ask.region;
    call.request_id = parts_.stack_ids.uuid();
    call.now = parts_.clock.now();
    call.http = &no_request_;
    call.base_url = parts_.endpoint();
    if (operation->input != nullptr) {
      Result<Json> fitted = wire::coerce(*operation->input, std::move(ask.input));
      if (!fitted) co_return fitted.error();
      call.input = std::move(*fitted);
      if (const models::Member* payload = operation->input_payload)
        if (payload->shape->type != models::ShapeType::Structure)
          if (const auto bytes = call.input.find(payload->name); bytes != call.input.end()) {
            call.payload = bytes->get<std::string>();
            call.input.erase(bytes);
          }
      const Result<> valid = wire::validate(*operation->input, call.input);
      if (!valid) co_return valid.error();
    }
    Result<Reply> reply = co_await service.call(std::move(call));
    if (!reply) co_return reply.error();
    co_return std::move(reply->output);
  }

  Task<Result<std::string>> fetch(std::string bucket, std::string key, std::string version) override {
    Result<std::string> bytes =
        co_await parts_.s3->fetch(std::move(bucket), std::move(key), std::move(version));
    co_return bytes;
  }

 private:
  Parts& parts_;
  wire::Request no_request_{};
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
