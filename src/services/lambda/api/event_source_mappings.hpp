#pragma once

#include "gateway/service.hpp"
#include "services/lambda/core/function_store.hpp"
#include "services/lambda/jobs/mapping_engine.hpp"

namespace aviary::lambda {

class LambdaService;

/// The operations on event source mappings, and the engine behind them. Owned by the Lambda service, whose
/// functions they run.
class EventSourceMappings final : public BatchInvoker {
 public:
  EventSourceMappings(LambdaService& lambda, Clock& clock, Random& ids, Journal& journal,
                      boost::asio::any_io_executor executor, Messenger& messenger);

  Task<Result<Reply>> create(Call call);
  Result<Reply> get(Call& call);
  Result<Reply> list(Call& call);
  Result<Reply> update(Call& call);
  Result<Reply> remove(Call& call);
  /// Tags of the mapping that an ARN names: set (null erases), or only read.
  Result<Json> tags(const std::string& arn, const Json& changes);

  /// Whether batches draw by an alias's weights; else its primary version runs, as on AWS.
  void set_weighted(bool weighted) noexcept { weighted_ = weighted; }
  /// States last this long on their way.
  void set_transition(Duration transition) noexcept { transition_ = transition; }
  MappingEngine& engine() noexcept { return engine_; }

  /// Batches that functions are at work on.
  std::size_t running() const noexcept { return running_; }

  // BatchInvoker
  std::string role_of(const Scope& scope, std::string_view function, std::string_view qualifier) override;
  Task<BatchOutcome> run_batch(Scope caller, std::string function, std::string payload) override;

 private:
  Result<> set_function(EventSourceMapping& mapping, const Call& call);
  Result<Reply> create_now(Call& call, const std::optional<StreamListing>& stream);
  AwsError twin_conflict(const EventSourceMapping& mapping, const EventSourceMapping& twin) const;
  Result<> check_queue(const EventSourceMapping& mapping);
  Result<> check_kafka(const EventSourceMapping& mapping);
  const EventSourceMapping* twin_of(const EventSourceMapping& mapping) const;
  Reply render(const EventSourceMapping& mapping) const;
  const EventSourceMapping* own(const Call& call) const;

  LambdaService& lambda_;
  Clock& clock_;
  Random& ids_;
  MappingEngine engine_;
  std::size_t running_ = 0;
  bool weighted_ = false;
  Duration transition_{};
};

}  // namespace aviary::lambda
