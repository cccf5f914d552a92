#include "services/sqs/jobs/move_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/sqs/core/errors.hpp"

namespace aviary::sqs {
namespace {

constexpr int unlimited_step =
    500;  ///< messages per tenth of a second: AWS's own fastest pace is 500 a second
constexpr Duration unlimited_pause = std::chrono::milliseconds(100);
constexpr std::size_t remembered = 10;  ///< tasks that have ended, of one source

AwsError no_source() {
  return not_found("The resource that you specified for the SourceArn parameter doesn't exist.");
}

}  // namespace

std::string MoveTask::handle() const {
  return base64_encode(Json{{"taskId", id}, {"sourceArn", source}}.dump());
}

MoveTasks::MoveTasks(Clock& clock, Random& ids, Journal& journal, Queues& queues)
    : clock_(clock), ids_(ids), queues_(queues), records_(journal, "sqs.moves") {}

MoveTasks::~MoveTasks() { clear_timers(); }

Result<std::string> MoveTasks::start(const std::string& source, const std::string& destination,
                                     std::optional<int> per_second, Instant now) {
  if (per_second && (*per_second < 1 || *per_second > 500))
    return invalid_value_of("MaxNumberOfMessagesPerSecond", std::to_string(*per_second),
                            "Must be between 1 and 500, if provided.");
  Queue* from = queues_.find(parse_queue_arn(source), now);
  if (from == nullptr) return no_source();
  if (queues_.sources_of(*from).empty())
    return invalid_parameter("Source queue must be configured as a Dead Letter Queue.");
  if (!destination.empty()) {
    const Queue* to = queues_.find(parse_queue_arn(destination), now);
    if (to == nullptr)
      return not_found("The resource that you specified for the DestinationArn parameter doesn't exist.");
    if (to == from)
      return invalid_parameter("Source queue arn and destination queue arn cannot be the same.");
    if (to->settings().fifo != from->settings().fifo)
      return invalid_parameter("Source and destination queues must be of the same type.");
  }
  for (const auto& [id, task] : tasks_)
    if (task.source == source && task.status == "RUNNING")
      return invalid_parameter(
          "There is already a task running. Only one active task is allowed for a source queue arn at a "
          "given "
          "time.");
  MoveTask task{.id = ids_.uuid(),
                .source = source,
                .destination = destination,
                .per_second = per_second.value_or(0),
                .to_move = from->ready() + from->delayed() + from->in_flight(),
                .started = now};
  std::string handle = task.handle();
  save(task);
  arm(tasks_.emplace(task.id, task).first->second);
  return handle;
}

void MoveTasks::arm(const MoveTask& task) {
  const Duration pause =
      task.per_second > 0 ? Duration(std::chrono::seconds(1)) / task.per_second : unlimited_pause;
  timers_[task.id] = clock_.call_at(clock_.now() + pause, [this, id = task.id] { run(id); });
}

std::string MoveTasks::move_one(MoveTask& task, bool& nothing_left) {
  const Instant now = clock_.now();
  Queue* from = queues_.find(parse_queue_arn(task.source), now);
  nothing_left = from != nullptr && !from->can_receive();
  if (from == nullptr) return "AWS.SimpleQueueService.NonExistentQueue";
  if (nothing_left) return {};
  if (!task.destination.empty() && queues_.find(parse_queue_arn(task.destination), now) == nullptr)
    return "AWS.SimpleQueueService.NonExistentQueue";
  std::vector<Message> taken = from->take_out(1);
  Message& message = taken.front();
  const std::string target = task.destination.empty() ? message.dead_letter_source : task.destination;
  Queue* to = queues_.find(parse_queue_arn(target), now);
  if (to == nullptr) {
    queues_.deliver(*from, std::move(message), now);
    return target.empty() ? "CouldNotDetermineMessageSource" : "AWS.SimpleQueueService.NonExistentQueue";
  }
  message.dead_letter_source.clear();
  message.sent = now;  // what is redriven begins a new life
  queues_.deliver(*to, std::move(message), now);
  ++task.moved;
  return {};
}

void MoveTasks::run(const std::string& id) {
  timers_.erase(id);
  const auto found = tasks_.find(id);
  if (found == tasks_.end() || found->second.status != "RUNNING") return;
  MoveTask& task = found->second;
  const int step = task.per_second > 0 ? 1 : unlimited_step;
  for (int i = 0; i < step && task.status == "RUNNING"; ++i) {
    bool nothing_left = false;
    task.failure = move_one(task, nothing_left);
    if (!task.failure.empty()) task.status = "FAILED";
    if (nothing_left) task.status = "COMPLETED";
  }
  save(task);
  if (task.status == "RUNNING") arm(task);
}

Result<std::uint64_t> MoveTasks::cancel(const std::string& handle, Instant now) {
  const std::optional<std::string> plain = base64_decode(handle);
  const Json named = plain ? parse_bounded<Json>(*plain) : Json();
  if (!named.is_object() || !named.value("taskId", Json()).is_string() ||
      !named.value("sourceArn", Json()).is_string())
    return invalid_parameter("Value for parameter TaskHandle is invalid.");
  if (queues_.find(parse_queue_arn(named.at("sourceArn").get<std::string>()), now) == nullptr)
    return no_source();
  const auto found = tasks_.find(named.at("taskId").get<std::string>());
  if (found == tasks_.end() || found->second.status != "RUNNING") return not_found("Task does not exist.");
  MoveTask& task = found->second;
  task.status = "CANCELLED";
  if (const auto timer = timers_.find(task.id); timer != timers_.end()) {
    clock_.cancel(timer->second);
    timers_.erase(timer);
  }
  save(task);
  return task.moved;
}

Result<std::vector<MoveTask>> MoveTasks::list(const std::string& source, Instant now) {
  if (queues_.find(parse_queue_arn(source), now) == nullptr) return no_source();
  std::vector<MoveTask> found;
  for (const auto& [id, task] : tasks_)
    if (task.source == source) found.push_back(task);
  std::ranges::stable_sort(found, [](const MoveTask& a, const MoveTask& b) { return a.started > b.started; });
  for (std::size_t i = remembered; i < found.size(); ++i) {
    records_.erase(found[i].id);
    tasks_.erase(found[i].id);
  }
  if (found.size() > remembered) found.resize(remembered);
  return found;
}

void MoveTasks::save(const MoveTask& task) {
  records_.save(task.id, Json{{"source", task.source},
                              {"destination", task.destination},
                              {"per_second", task.per_second},
                              {"status", task.status},
                              {"failure", task.failure},
                              {"moved", task.moved},
                              {"to_move", task.to_move},
                              {"started", task.started.time_since_epoch().count()}});
}

void MoveTasks::restore() {
  records_.load([this](std::string_view id, const Json& record) {
    MoveTask task{.id = std::string(id),
                  .source = record.at("source"),
                  .destination = record.at("destination"),
                  .per_second = record.at("per_second"),
                  .status = record.at("status"),
                  .failure = record.at("failure"),
                  .moved = record.at("moved"),
                  .to_move = record.at("to_move"),
                  .started = Instant(Duration(record.at("started").get<std::int64_t>()))};
    const MoveTask& placed = tasks_.emplace(task.id, task).first->second;
    if (placed.status == "RUNNING") arm(placed);
  });
}

void MoveTasks::clear_timers() {
  for (const auto& [id, timer] : timers_) clock_.cancel(timer);
  timers_.clear();
}

void MoveTasks::clear() {
  clear_timers();
  tasks_.clear();
}

}  // namespace aviary::sqs
