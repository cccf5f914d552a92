#include <utility>

#include "execution/environment.hpp"
#include "execution/telemetry_records.hpp"

/// What an environment with extensions in it tells those that subscribed.
namespace aviary::execution {

void Environment::start_telemetry() {
  auto telemetry =
      std::make_shared<Telemetry>(around_.endpoints, around_.clock, around_.stopwatch, around_.tasks);
  log_.set_telemetry(telemetry.get());
  companions_->telemetry = std::move(telemetry);
  companions_->telemetry->platform(
      "initStart", telemetry_records::init_start(*identity_.version, phase_, identity_.initialization_type,
                                                 identity_.log_stream));
}

void Environment::tell_runtime_done(InvocationEnd end, std::string_view error_type) {
  Companions& all = *companions_;
  if (std::exchange(all.runtime_done_told, true) || !all.telemetry) return;
  if (sandbox_) sandbox_->collect_output();  // what the function has written comes before it
  all.telemetry->platform(
      "runtimeDone", telemetry_records::runtime_done({request_id_, end, error_type,
                                                      all.runtime_back.value_or(now()) - started_,
                                                      all.produced_bytes, all.begun, all.response_latency}));
}

/// How the runtime came out of init; told once.
void Environment::tell_init_runtime_done(const Failure* failure) {
  Companions& all = *companions_;
  if (std::exchange(all.runtime_came, true) || !all.telemetry) return;
  if (sandbox_) sandbox_->collect_output();
  all.telemetry->platform("initRuntimeDone", telemetry_records::init_runtime_done(
                                                 identity_.initialization_type, phase_, failure));
}

void Environment::tell_init_end(std::chrono::nanoseconds duration, const Failure* failure) {
  Companions& all = *companions_;
  tell_init_runtime_done(failure);
  for (const Extensions::Extension& extension : all.registry.all()) {
    if (log_.wanted())
      log_.platform(platform_log::extension(*identity_.version, around_.clock.now(), extension));
    if (all.telemetry) all.telemetry->platform("extension", telemetry_records::extension(extension));
  }
  if (!all.telemetry) return;
  all.telemetry->platform(
      "initReport", telemetry_records::init_report(identity_.initialization_type, phase_, duration, failure));
  all.telemetry->close_subscriptions();
}

void Environment::tell_restore_start() {
  if (!companions_->telemetry) return;
  companions_->telemetry->platform(
      "restoreStart", telemetry_records::restore_start(*identity_.version, identity_.log_stream));
}

/// How the hooks came out, and what the restore took.
void Environment::tell_restore_end(std::chrono::nanoseconds duration, InvocationEnd how,
                                   std::string_view error_type) {
  if (!companions_->telemetry) return;
  if (sandbox_) sandbox_->collect_output();
  companions_->telemetry->platform("restoreRuntimeDone",
                                   telemetry_records::restore_runtime_done(how, error_type));
  companions_->telemetry->platform("restoreReport",
                                   telemetry_records::restore_report(duration, how, error_type));
}

bool Environment::subscribe(TelemetrySubscription subscription) {
  if (state_ != State::Initialising || !companions_->telemetry) return false;
  subscription.destination.address = sandbox_->local_address();
  if (log_.wanted())
    log_.platform(platform_log::subscription(*identity_.version, around_.clock.now(), subscription));
  companions_->telemetry->subscribe(std::move(subscription));
  return true;
}

/// Telemetry that waits in a frozen sandbox would reach nobody.
bool Environment::flush_before_freeze() {
  Companions& all = *companions_;
  if (all.freeze_timer != 0) return true;
  if (!all.telemetry || !all.telemetry->pending()) return false;
  all.telemetry->flush();
  all.freeze_timer = around_.stopwatch.call_after(telemetry_flush_limit, [this] {
    companions_->freeze_timer = 0;
    freeze_now();
  });
  return true;
}

}  // namespace aviary::execution
