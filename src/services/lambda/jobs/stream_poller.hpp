#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ports/random.hpp"
#include "services/lambda/core/event_observer.hpp"
#include "services/lambda/core/messenger.hpp"
#include "services/lambda/core/stream_batch.hpp"
#include "services/lambda/core/stream_checkpoints.hpp"
#include "services/lambda/core/stream_source.hpp"
#include "services/lambda/jobs/mapping_poller.hpp"

namespace aviary::lambda {

/// Reads one stream for one mapping: every shard that may be read has a reader and as many lanes as the
/// mapping wants batches at once. A lane runs the function with one batch at a time, and records of one
/// partition key always go through the same lane, so that they stay in order. How far each shard has come is
/// written after every batch; children are read when their parents are done with.
class StreamPoller final : public MappingPoller, public std::enable_shared_from_this<StreamPoller> {
 public:
  /// All of it outlives the poller.
  struct Neighbours {
    Clock& clock;
    TaskGroup& tasks;
    StreamSource& source;
    BatchInvoker& functions;
    Messenger& messenger;
    Random& ids;
    StreamCheckpoints& checkpoints;
    const std::vector<StreamObserver*>& observers;
  };
  StreamPoller(Neighbours neighbours, EventSourceMapping mapping);

  /// Goes on from the checkpoints; batches that a stop has left running end first.
  void start() override;
  void stop() override;
  void abandon() override;
  void update(EventSourceMapping mapping) override;
  void describe(Json& row, Instant now) const override;

 private:
  using Self = std::shared_ptr<StreamPoller>;
  using Signal = std::optional<OneShot<bool>>;

  struct Lane {
    std::deque<StreamRecord> waiting{};
    std::optional<Instant> opened{};      ///< when the batch that is being gathered got its first record
    std::optional<WindowState> window{};  ///< tumbling
    Signal news{};
    Signal pause{};
  };
  /// One shard that is being read.
  struct Work {
    struct Step {
      std::string sequence_number;
      Instant arrived;
      bool done = false;
    };
    std::string shard;
    StreamPosition position{};  ///< where reading goes on
    StreamPosition done_to{};   ///< before it all records are done with
    std::deque<Step> steps{};   ///< read, and not all done with
    std::uint64_t first_step = 0;
    std::vector<Lane> lanes{};
    Signal room{};
    Instant caught_up{};  ///< at this moment nothing was left to read
    std::size_t parts = 0;
    bool reading = true;
    bool ended = false;  ///< the shard has no more
    bool stopped = false;
  };
  using WorkPtr = std::shared_ptr<Work>;

  static Task<> run(Self self);
  static Task<> read(Self self, WorkPtr work);
  static Task<> run_lane(Self self, WorkPtr work, std::size_t index);
  Task<std::optional<BatchPart>> gather(WorkPtr work, std::size_t index);
  Task<> process(WorkPtr work, std::size_t index, BatchPart batch);
  Task<> nap(Signal& signal, std::optional<Instant> until);

  void take_up(const StreamListing& listing);
  void stop_works();
  void begin(const std::string& shard);
  void part_ended(const WorkPtr& work);
  void accept(Work& work, StreamPage page);
  void tell(const StreamRecord& last, Instant given) const;
  void done(Work& work, std::span<const StreamRecord> records);
  void save(const Work& work, bool finished = false);
  void give_up(const Work& work, const BatchPart& part, std::span<const StreamRecord> records,
               std::string_view condition, std::string_view payload);
  std::size_t room_in(const Work& work) const;
  StreamPosition first_position() const;

  Neighbours n_;
  EventSourceMapping mapping_;
  std::vector<EventPattern> patterns_;
  std::map<std::string, WorkPtr> works_;
  Signal news_{};
  Instant started_{};
  bool changed_ = false;  ///< since the stream's shards were listed last
  bool running_ = false;
  bool stopped_ = false;
  bool abandoned_ = false;
};

}  // namespace aviary::lambda
