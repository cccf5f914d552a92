#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "execution/observers.hpp"
#include "ports/clock.hpp"
#include "services/cloudwatch/core/metric_store.hpp"
#include "services/lambda/core/event_observer.hpp"

namespace aviary::app {

/// What Lambda publishes in namespace AWS/Lambda: of invocations, of how many run at once, of asynchronous
/// events, of streams, of provisioned concurrency. In the dimension sets that AWS has: none; FunctionName;
/// FunctionName and Resource (`payment:prod`, `payment:6`, `payment`); and, through an alias, those and
/// ExecutedVersion, which tells the two versions of a weighted alias apart. Of an asynchronous event nobody
/// knows yet which version will run it.
///
/// Errors is published as 0 for an invocation that went well, so that an average is a rate, as on AWS. What
/// runs at once is published whenever it grows, and in a minute in which it only shrinks, what it shrank
/// from: its Maximum is exact. Source:
/// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
/// monitoring-concurrency.html.
class LambdaMetrics final : public execution::InvocationObserver,
                            public lambda::EventObserver,
                            public lambda::StreamObserver,
                            private cloudwatch::MetricStore::Gatherer {
 public:
  LambdaMetrics(cloudwatch::MetricStore& store, Clock& clock) : store_(store), clock_(clock) {
    store_.set_gatherer(this);
  }
  ~LambdaMetrics() override { store_.set_gatherer(nullptr); }
  LambdaMetrics(const LambdaMetrics&) = delete;
  LambdaMetrics& operator=(const LambdaMetrics&) = delete;

  void on_place_taken(const execution::PlaceNotice& notice) override;
  void on_place_left(const execution::PlaceNotice& notice) override;
  void on_invocation(const execution::InvocationRecord& record) override;
  void on_event(const lambda::EventNotice& notice) override;
  void on_stream_batch(const lambda::StreamNotice& notice) override;

 private:
  enum class Metric : std::uint8_t {
    Invocations,
    Errors,
    Throttles,
    Duration,
    ConcurrentExecutions,
    UnreservedConcurrentExecutions,
    AsyncEventsReceived,
    AsyncEventAge,
    AsyncEventsDropped,
    RecursiveInvocationsDropped,
    DeadLetterErrors,
    DestinationDeliveryFailures,
    IteratorAge,
    ProvisionedConcurrentExecutions,
    ProvisionedConcurrencyInvocations,
    ProvisionedConcurrencySpilloverInvocations,
    ProvisionedConcurrencyUtilization,
    PostRuntimeExtensionsDuration,
  };
  static constexpr std::size_t metrics = 18;
  /// Invocations, Errors, Throttles, Duration: what every invocation has, gathered over the minute.
  static constexpr std::size_t gathered_metrics = 4;

  /// One dimension set with its values: shared by all that count in it.
  struct Set {
    cloudwatch::Scope scope;
    std::string function_name, resource, version;  ///< empty: not in the set
    std::size_t running = 0;
    std::size_t unreserved = 0;   ///< of `running`
    std::size_t provisioned = 0;  ///< of `running`
    /// When what runs was last published, by what it is charged to.
    std::array<cloudwatch::EpochSeconds, 3> published{};
    /// Those that had a value so far; worth nothing when the store's generation is another.
    std::array<cloudwatch::MetricStore::Handle, metrics> handles{};
    std::uint64_t generation = 0;
  };
  using SetPtr = std::shared_ptr<Set>;
  /// What was invoked, and what ran: its sets, the widest first.
  struct Resource {
    std::vector<SetPtr> sets;
    std::array<cloudwatch::Aggregate, gathered_metrics> gathered{};
    bool waits = false;  ///< something is gathered, and this is in `waiting_`
  };
  /// A version's serial and the qualifier that was invoked; looked up without making the string.
  struct Invoked {
    std::uint64_t serial = 0;
    std::string qualifier{};
  };
  struct InvokedView {
    std::uint64_t serial = 0;
    std::string_view qualifier{};
  };
  struct InvokedHash {
    using is_transparent = void;
    template <class Key>
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>()(key.qualifier) ^ (key.serial * 0x9e3779b97f4a7c15U);
    }
  };
  struct InvokedEqual {
    using is_transparent = void;
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const noexcept {
      return left.serial == right.serial &&
             std::string_view(left.qualifier) == std::string_view(right.qualifier);
    }
  };

  Resource& resource_of(const lambda::Version& version, std::string_view invoked_arn);
  /// `version`: empty if it is not known, or no other than the qualifier.
  Resource make_resource(const cloudwatch::Scope& scope, std::string_view function_name,
                         std::string_view qualifier, std::string_view version);
  SetPtr set_of(const cloudwatch::Scope& scope, std::string_view function_name, std::string_view resource,
                std::string_view version);
  Resource& asynchronous(const lambda::Scope& scope, std::string_view function_name,
                         std::string_view qualifier);
  void make_room();
  /// Seconds on the clock, of that moment or of now: once for all that one notice says.
  cloudwatch::EpochSeconds seconds_at(std::optional<Instant> at) const;
  void hand_over() override;
  /// Begins the minute of `at`, if it is another than what is gathered is of.
  void begin_minute(cloudwatch::EpochSeconds at);
  static void gather(Resource& resource, Metric metric, double value);
  cloudwatch::MetricStore::Handle handle_of(Set& set, Metric metric);
  void record(Set& set, Metric metric, cloudwatch::EpochSeconds at, double value);
  void record(const Resource& resource, Metric metric, cloudwatch::EpochSeconds at, double value);
  void publish_running(const Resource& resource, const execution::PlaceNotice& notice,
                       cloudwatch::EpochSeconds at);

  cloudwatch::MetricStore& store_;
  Clock& clock_;
  std::unordered_map<Invoked, Resource, InvokedHash, InvokedEqual> resources_;
  std::unordered_map<std::string, Resource> of_events_;  ///< by account, region, function and qualifier
  std::unordered_map<std::string, SetPtr> sets_;
  /// Of the notice before: most come in a row.
  Resource* last_ = nullptr;
  std::uint64_t last_serial_ = 0;
  std::string last_arn_;
  std::vector<Resource*> waiting_;
  cloudwatch::EpochSeconds minute_ = 0;    ///< that what waits is of
  std::uint64_t gathered_generation_ = 0;  ///< of the store, then
};

}  // namespace aviary::app
