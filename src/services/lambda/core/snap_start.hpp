#pragma once

#include <string>

#include "base/result.hpp"
#include "services/lambda/core/version.hpp"

/// SnapStart: published versions whose environments are initialised ahead. Developer guide, "Improving
/// startup performance with Lambda SnapStart".
namespace aviary::lambda {

/// Whether `SnapStart` says PublishedVersions.
bool snap_start_on(const Configuration& configuration);
/// Whether this version starts from a snapshot: a published one, with SnapStart on.
bool starts_from_snapshot(const Version& version);
/// Whether what the configuration asks for goes together with SnapStart.
Result<> check_snap_start(const Configuration& configuration);
/// 409 while the snapshot of a version is being made.
AwsError snap_start_not_ready();

/// What making a snapshot came to.
struct SnapshotOutcome {
  enum class Kind {
    Ready,        ///< also where this machine cannot run the version at all: its invocations will say so
    Failed,       ///< the function's own init or hook failed
    Interrupted,  ///< the version is gone, or the emulator ends
  };
  Kind kind = Kind::Ready;
  std::string code{};    ///< a StateReasonCode
  std::string reason{};  ///< a StateReason
};

}  // namespace aviary::lambda
