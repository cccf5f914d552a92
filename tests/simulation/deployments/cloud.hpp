#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/codedeploy_ties.hpp"
#include "app/delivery.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "ports/task_group.hpp"
#include "rehearsal/fault_rules.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "support/memory_code_store.hpp"
#include "support/memory_journal.hpp"
#include "support/scripted_runner.hpp"

namespace aviary::simulation {

/// Lambda, CloudWatch and CodeDeploy, whole, tied together as the emulator ties them; only function code is
/// played. One seed decides everything.
class Cloud {
 public:
  explicit Cloud(std::uint64_t seed);
  ~Cloud();

  /// The next process on the same folder.
  void restart();

  Result<Reply> call(Service& service, std::string_view operation, Json input);
  /// Throws for what is refused.
  Json ok(Service& service, std::string_view operation, Json input);
  /// One invoke of the alias, by its weights; its metrics go to CloudWatch. The version that ran; empty if a
  /// fault throttled it.
  std::string invoke_alias();
  void pass(Duration time);

  /// `5`, `6` or `5+6@10`.
  std::string share();
  const codedeploy::Deployment& deployment(const std::string& id) const;

  boost::asio::io_context loop;
  SimulatedClock clock;
  SeededRandom chance;  ///< of the world: functions, people
  testing::ScriptedRunner runner;
  std::unique_ptr<lambda::LambdaService> lambda;
  std::unique_ptr<cloudwatch::CloudWatchService> cloudwatch;
  std::unique_ptr<codedeploy::CodeDeployService> codedeploy;

  /// What goes wrong with version 6 on purpose.
  std::unique_ptr<rehearsal::FaultRules> faults;
  /// What a hook's function does with the ids that it is given; answers why it could not be invoked, if so.
  std::function<std::optional<std::string>(const Json& event)> hook;

 private:
  void start();
  void end();
  void settle();

  std::uint64_t seed_;
  bool faulty_ = false;
  SeededRandom lambda_ids_;
  SeededRandom router_;
  SeededRandom codedeploy_ids_;
  testing::MemoryJournal journal_;
  testing::MemoryCodeStore codes_;
  app::Delivery delivery_;
  std::unique_ptr<TaskGroup> tasks_;
  std::unique_ptr<app::CodeDeployTies> ties_;
};

}  // namespace aviary::simulation
