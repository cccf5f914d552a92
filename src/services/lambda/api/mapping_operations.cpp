#include "services/lambda/api/event_source_mappings.hpp"
#include "services/lambda/api/lambda_service.hpp"

namespace aviary::lambda {

Task<Result<Reply>> LambdaService::create_event_source_mapping(Call call) {
  Result<Reply> reply = co_await mappings_->create(std::move(call));
  co_return reply;
}
Result<Reply> LambdaService::get_event_source_mapping(Call& call) { return mappings_->get(call); }
Result<Reply> LambdaService::list_event_source_mappings(Call& call) { return mappings_->list(call); }
Result<Reply> LambdaService::update_event_source_mapping(Call& call) { return mappings_->update(call); }
Result<Reply> LambdaService::delete_event_source_mapping(Call& call) { return mappings_->remove(call); }

}  // namespace aviary::lambda
