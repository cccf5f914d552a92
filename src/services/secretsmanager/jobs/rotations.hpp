#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>

#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/secretsmanager/core/secrets.hpp"

namespace aviary::secretsmanager {

/// Rotates secrets: when somebody asks, and when their time has come. One timer, at the earliest moment that
/// any secret waits for; one task a rotation. Owned by the service; everything else outlives it.
class Rotations {
 public:
  struct Dependencies {
    Secrets& secrets;
    RotationFunctions& functions;
    Clock& clock;
    Random& ids;
    boost::asio::any_io_executor executor;
  };
  explicit Rotations(Dependencies dependencies);
  ~Rotations();
  Rotations(const Rotations&) = delete;
  Rotations& operator=(const Rotations&) = delete;

  /// Runs the steps for a version that is there, pending.
  void start(const Scope& scope, const std::string& name, const std::string& version);
  /// Sets the timer anew if what is due first has changed.
  void arm();
  Task<> stop();

 private:
  void run_due();
  Task<> rotate(Scope scope, std::string name, std::string version);

  Dependencies d_;
  TimerId timer_ = 0;
  std::optional<Instant> armed_for_;
  bool stopped_ = false;
  TaskGroup tasks_;
};

}  // namespace aviary::secretsmanager
