#include "app/service_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/parts.hpp"
#include "wire/coerce.hpp"
#include "wire/validate.hpp"

namespace aviary::app {
namespace {

/// There was none.
const wire::Request no_request{};

}  // namespace

Task<Result<Json>> call_service(Parts& parts, ServiceCall asked) {
  const auto found = std::ranges::find_if(
      parts.services, [&](Service* service) { return service->model().id == asked.service; });
  if (found == parts.services.end())
    co_return AwsError(wire::errors::NotImplemented,
                       fmt::format("Aviary has no service {} yet.", asked.service));
  Service& service = **found;
  const models::Operation* operation = service.model().find_operation(asked.operation);
  if (operation == nullptr)
    co_return AwsError(wire::errors::UnknownOperationException,
                       fmt::format("There is no {}", asked.operation));
  Call call{};
  call.operation = operation;
  call.account = std::move(asked.account);
  call.region = std::move(asked.region);
  call.request_id = parts.stack_ids.uuid();
  call.now = parts.clock.now();
  call.http = &no_request;
  call.base_url = parts.endpoint();
  if (operation->input != nullptr) {
    Result<Json> fitted = wire::coerce(*operation->input, std::move(asked.input));
    if (!fitted) co_return fitted.error();
    call.input = std::move(*fitted);
    if (const models::Member* payload = operation->input_payload)
      if (payload->shape->type != models::ShapeType::Structure)
        if (const auto bytes = call.input.find(payload->name); bytes != call.input.end()) {
          call.payload = bytes->get<std::string>();
          call.input.erase(bytes);
        }
    const Result<> valid = wire::validate(*operation->input, call.input, wire::violation_words(*operation));
    if (!valid) co_return valid.error();
  }
  Result<Reply> reply = co_await service.call(std::move(call));
  if (!reply) co_return reply.error();
  if (const models::Member* payload = operation->output_payload;
      payload != nullptr && payload->shape->type != models::ShapeType::Structure && !reply->payload.empty())
    reply->output[std::string(payload->name)] = std::move(reply->payload);
  co_return std::move(reply->output);
}

}  // namespace aviary::app
