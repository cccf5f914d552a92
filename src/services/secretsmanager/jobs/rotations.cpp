#include "services/secretsmanager/jobs/rotations.hpp"

#include "base/log.hpp"

namespace aviary::secretsmanager {

Rotations::Rotations(Dependencies dependencies) : d_(dependencies), tasks_(d_.executor) {}

Rotations::~Rotations() {
  if (armed_for_) d_.clock.cancel(timer_);
}

void Rotations::start(const Scope& scope, const std::string& name, const std::string& version) {
  if (!stopped_) tasks_.spawn("rotation of a secret", rotate(scope, name, version));
}

void Rotations::arm() {
  if (stopped_) return;
  std::optional<Instant> due;
  d_.secrets.for_each([&](const Secret& secret) {
    const Rotation& rotation = secret.rotation;
    if (rotation.enabled && rotation.next && !secret.deletion && (!due || *rotation.next < *due))
      due = rotation.next;
  });
  if (due == armed_for_) return;
  if (armed_for_) d_.clock.cancel(timer_);
  armed_for_ = due;
  if (due) timer_ = d_.clock.call_at(*due, [this] { run_due(); });
}

void Rotations::run_due() {
  armed_for_.reset();
  const Instant now = d_.clock.now();
  d_.secrets.for_each([&](Secret& secret) {
    Rotation& rotation = secret.rotation;
    if (!rotation.enabled || !rotation.next || *rotation.next > now || secret.deletion) return;
    const Result<std::optional<Duration>> period = rotation_period(rotation.rules);
    rotation.next = period && *period ? std::optional(now + **period) : std::nullopt;
    // One that did not come to its end is tried again.
    std::string version = secret.unfinished_rotation();
    if (version.empty()) {
      version = d_.ids.uuid();
      secret.begin_rotation(version, now);
    }
    d_.secrets.save(secret);
    start(secret.scope, secret.name, version);
  });
  arm();
}

Task<> Rotations::rotate(Scope scope, std::string name, std::string version) {
  for (const char* step : rotation_steps) {
    RotationFunctions::Ask ask{scope.account, scope.region, "", Json::object()};
    {
      const Secret* secret = d_.secrets.find(scope, name, d_.clock.now());
      if (secret == nullptr || secret->deletion || !secret->rotation.enabled) co_return;
      ask.function = secret->rotation.function;
      ask.event = {{"Step", step}, {"SecretId", secret->arn}, {"ClientRequestToken", version}};
    }
    const std::optional<std::string> problem = co_await d_.functions.run(std::move(ask));
    if (problem) {
      log::warn("the rotation of the secret {} ends at {}: {}", name, step, *problem);
      co_return;
    }
  }
  Secret* secret = d_.secrets.find(scope, name, d_.clock.now());
  if (secret == nullptr) co_return;
  const SecretVersion* rotated = secret->version(version);
  if (rotated == nullptr || !rotated->has_stage(current_stage)) {
    log::warn("the rotation of the secret {} is over, but its function has not moved AWSCURRENT", name);
    co_return;
  }
  secret->rotation.last = d_.clock.now();
  d_.secrets.save(*secret);
}

Task<> Rotations::stop() {
  stopped_ = true;
  if (armed_for_) d_.clock.cancel(timer_);
  armed_for_.reset();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::secretsmanager
