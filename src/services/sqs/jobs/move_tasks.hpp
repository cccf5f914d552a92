#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "services/sqs/core/queues.hpp"

namespace aviary::sqs {

/// One move of a dead-letter queue's messages, to where they came from or to another queue.
struct MoveTask {
  std::string id;
  std::string source;       ///< ARN
  std::string destination;  ///< ARN; empty: each message's own source
  int per_second = 0;       ///< 0: as fast as it goes
  std::string status = "RUNNING";
  std::string failure{};
  std::uint64_t moved = 0;
  std::uint64_t to_move = 0;
  Instant started{};

  /// What callers see of the running task.
  std::string handle() const;
};

/// Moves messages on the clock, so many a second. Tasks outlive a restart.
class MoveTasks {
 public:
  MoveTasks(Clock& clock, Random& ids, Journal& journal, Queues& queues);
  ~MoveTasks();
  MoveTasks(const MoveTasks&) = delete;
  MoveTasks& operator=(const MoveTasks&) = delete;

  Result<std::string> start(const std::string& source, const std::string& destination,
                            std::optional<int> per_second, Instant now);
  /// How many were moved until now.
  Result<std::uint64_t> cancel(const std::string& handle, Instant now);
  /// Latest first.
  Result<std::vector<MoveTask>> list(const std::string& source, Instant now);

  void restore();
  void clear();
  void stop() { clear_timers(); }

 private:
  void run(const std::string& id);
  /// Moves one message; empty when that was fine or nothing was there.
  std::string move_one(MoveTask& task, bool& nothing_left);
  void arm(const MoveTask& task);
  void save(const MoveTask& task);
  void clear_timers();

  Clock& clock_;
  Random& ids_;
  Queues& queues_;
  std::map<std::string, MoveTask> tasks_;  ///< by id
  std::map<std::string, TimerId> timers_;
  Records<Json> records_;
};

}  // namespace aviary::sqs
