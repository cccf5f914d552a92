#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {
namespace {

/// AppSpec files that lie in a bucket of this emulator.
class S3Revisions final : public codedeploy::RevisionSource {
 public:
  explicit S3Revisions(s3::S3Service& s3) : s3_(s3) {}
  Task<Object> read(codedeploy::Scope, std::string bucket, std::string key, std::string version) override {
    constexpr std::uint64_t most_bytes = 1 << 20;  // a revision for functions is an AppSpec, nothing else
    Result<std::string> bytes =
        co_await s3_.fetch(std::move(bucket), std::move(key), std::move(version), most_bytes);
    Object object;
    if (bytes) {
      object.bytes = std::move(*bytes);
    } else {
      object.problem = bytes.error().message;
    }
    co_return object;
  }

 private:
  s3::S3Service& s3_;
};

}  // namespace

void add_codedeploy(Parts& parts) {
  cloudwatch::Alarms& alarms = parts.cloudwatch->alarms();
  parts.codedeploy_ties =
      std::make_unique<CodeDeployTies>(CodeDeployTies::Owners{.lambda = *parts.lambda,
                                                              .alarms = alarms,
                                                              .delivery = parts.delivery,
                                                              .clock = parts.clock,
                                                              .lambda_ids = parts.lambda_ids,
                                                              .tasks = parts.housekeeping});
  CodeDeployTies& ties = *parts.codedeploy_ties;
  parts.revisions = std::make_unique<S3Revisions>(*parts.s3);
  parts.codedeploy = std::make_unique<codedeploy::CodeDeployService>(
      codedeploy::CodeDeployDependencies{.clock = parts.clock,
                                         .ids = parts.codedeploy_ids,
                                         .journal = *parts.journal,
                                         .aliases = ties,
                                         .hooks = ties,
                                         .alarms = ties,
                                         .triggers = &ties,
                                         .revisions = parts.revisions.get()});
  alarms.subscribe([&parts](const cloudwatch::AlarmEvent& event) {
    if (event.to == cloudwatch::AlarmState::Alarm)
      parts.codedeploy->deployments().on_alarm({event.scope.account, event.scope.region}, event.name,
                                               event.at);
  });
  parts.add(*parts.codedeploy);
}

}  // namespace aviary::app
