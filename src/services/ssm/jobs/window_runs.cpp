#include "services/ssm/jobs/window_runs.hpp"

#include <algorithm>
#include <vector>

#include "base/document.hpp"

namespace aviary::ssm {
namespace {

/// Of each window so many executions are kept.
constexpr std::size_t most_executions = 100;

void end(Json& what, std::string_view status, std::string_view details, Instant now) {
  what["Status"] = status;
  if (!details.empty()) what["StatusDetails"] = details;
  what["EndTime"] = epoch_seconds(now);
}

bool is_under_way(const Json& execution) {
  const std::string& status = text_of(execution, "Status");
  return status == "IN_PROGRESS" || status == "PENDING" || status == "CANCELLING";
}

}  // namespace

WindowRuns::WindowRuns(Dependencies dependencies) : d_(dependencies), running_(d_.executor) {}

WindowRuns::~WindowRuns() {
  if (armed_for_) d_.clock.cancel(timer_);
}

void WindowRuns::arm() {
  if (stopped_) return;
  const Instant now = d_.clock.now();
  std::optional<Instant> due;
  for (const auto& [scope, windows] : d_.windows.all())
    for (const auto& [id, window] : windows) {
      const auto opened = opened_.find({scope, id});
      const std::optional<Instant> next =
          next_opening(window, opened != opened_.end() ? std::max(opened->second, now - Duration(1)) : now);
      if (next && (!due || *next < *due)) due = next;
    }
  if (due == armed_for_) return;
  if (armed_for_) d_.clock.cancel(timer_);
  armed_for_ = due;
  if (due) timer_ = d_.clock.call_at(*due, [this] { open_due(); });
}

void WindowRuns::open_due() {
  const Instant due = *armed_for_;
  armed_for_.reset();
  const Instant now = d_.clock.now();
  std::vector<Key> opening;
  for (const auto& [scope, windows] : d_.windows.all())
    for (const auto& [id, window] : windows)
      if (next_opening(window, due - Duration(1)) == due) opening.emplace_back(scope, id);
  for (const auto& [scope, window] : opening) {
    opened_[{scope, window}] = due;
    const bool overlaps = std::ranges::any_of(d_.executions.in(scope), [&, &id = window](const auto& each) {
      return text_of(each.second, "WindowId") == id && is_under_way(each.second);
    });
    std::string execution = d_.ids.uuid();
    Json record{{"WindowExecutionId", execution},
                {"WindowId", window},
                {"Status", "IN_PROGRESS"},
                {"StartTime", epoch_seconds(now)},
                {"Tasks", Json::array()}};
    if (overlaps) end(record, "SKIPPED_OVERLAPPING", "The execution before is still under way.", now);
    d_.executions.put(scope, execution, std::move(record));
    forget_oldest(scope, window);
    if (!overlaps) running_.spawn("a maintenance window", run(scope, window, std::move(execution)));
  }
  arm();
}

void WindowRuns::forget_oldest(const Scope& scope, const std::string& window) {
  std::vector<std::pair<double, std::string>> all;
  for (const auto& [id, execution] : d_.executions.in(scope))
    if (text_of(execution, "WindowId") == window) all.emplace_back(execution.value("StartTime", 0.0), id);
  std::ranges::sort(all);
  for (std::size_t i = 0; i + most_executions < all.size(); ++i) d_.executions.erase(scope, all[i].second);
}

Json* WindowRuns::task_in(const Scope& scope, const std::string& execution, std::size_t index) {
  Json* record = d_.executions.find(scope, execution);
  return record != nullptr ? &record->at("Tasks").at(index) : nullptr;
}

Task<> WindowRuns::run(Scope scope, std::string window, std::string execution) {
  std::vector<Json> tasks;
  for (const auto& [id, task] : d_.tasks.in(scope))
    if (text_of(task, "WindowId") == window) tasks.push_back(task);
  std::ranges::stable_sort(tasks, {}, [](const Json& task) { return task.value("Priority", 1); });
  const Json* found = d_.windows.find(scope, window);
  const int open_hours = found != nullptr ? found->value("Duration", 1) - found->value("Cutoff", 0) : 0;
  const Instant closes = d_.clock.now() + std::chrono::hours(open_hours);
  bool failed = false;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Json* record = d_.executions.find(scope, execution);
    if (record == nullptr) co_return;
    if (text_of(*record, "Status") == "CANCELLING") break;
    Json row{{"TaskExecutionId", d_.ids.uuid()},
             {"Definition", tasks[i]},
             {"Status", "IN_PROGRESS"},
             {"StartTime", epoch_seconds(d_.clock.now())},
             {"Invocations", Json::array()}};
    const bool late = d_.clock.now() >= closes;
    if (late) end(row, "TIMED_OUT", "The maintenance window has closed.", d_.clock.now());
    record->at("Tasks").push_back(std::move(row));
    d_.executions.save(scope, execution);
    if (!late) co_await run_task(scope, execution, i);
    const Json* task = task_in(scope, execution, i);
    if (task == nullptr) co_return;
    failed = failed || text_of(*task, "Status") != "SUCCESS";
  }
  Json* record = d_.executions.find(scope, execution);
  if (record == nullptr) co_return;
  if (text_of(*record, "Status") == "CANCELLING") {
    end(*record, "CANCELLED", "", d_.clock.now());
  } else if (tasks.empty()) {
    end(*record, "SUCCESS", "No tasks to execute.", d_.clock.now());
  } else {
    end(*record, failed ? "FAILED" : "SUCCESS", failed ? "One or more tasks failed." : "", d_.clock.now());
  }
  d_.executions.save(scope, execution);
}

Task<> WindowRuns::run_task(Scope scope, std::string execution, std::size_t index) {
  std::string invocation = d_.ids.uuid();
  TaskFunctions::Ask ask;
  ask.account = scope.account;
  ask.region = scope.region;
  {
    Json& task = *task_in(scope, execution, index);
    const Json& definition = task.at("Definition");
    const bool has_targets = !definition.value("Targets", Json::array()).empty();
    // Targets are instances, of which there are none.
    if (text_of(definition, "TaskType") != "LAMBDA" || has_targets) {
      end(task, "SUCCESS", "No invocations to execute.", d_.clock.now());
      d_.executions.save(scope, execution);
      co_return;
    }
    const Json lambda =
        definition.value("TaskInvocationParameters", Json::object()).value("Lambda", Json::object());
    ask.function = text_of(definition, "TaskArn");
    ask.qualifier = text_of(lambda, "Qualifier");
    ask.client_context = text_of(lambda, "ClientContext");
    ask.payload =
        with_pseudo_parameters(text_of(lambda, "Payload"), {{"WINDOW_ID", definition.at("WindowId")},
                                                            {"WINDOW_TASK_ID", definition.at("WindowTaskId")},
                                                            {"WINDOW_EXECUTION_ID", execution},
                                                            {"TASK_EXECUTION_ID", task.at("TaskExecutionId")},
                                                            {"INVOCATION_ID", invocation}});
    task.at("Invocations")
        .push_back({{"InvocationId", invocation},
                    {"Status", "IN_PROGRESS"},
                    {"Parameters", ask.payload},
                    {"StartTime", epoch_seconds(d_.clock.now())}});
    d_.executions.save(scope, execution);
  }
  auto running = d_.functions.run(std::move(ask));
  const std::optional<std::string> problem = co_await std::move(running);
  Json* task = task_in(scope, execution, index);
  if (task == nullptr) co_return;
  const std::string_view status = problem ? "FAILED" : "SUCCESS";
  end(task->at("Invocations").back(), status, problem.value_or(""), d_.clock.now());
  end(*task, status, problem.value_or(""), d_.clock.now());
  d_.executions.save(scope, execution);
}

void WindowRuns::restore() {
  std::vector<Key> left;
  for (const auto& [scope, executions] : d_.executions.all())
    for (const auto& [id, execution] : executions)
      if (is_under_way(execution)) left.emplace_back(scope, id);
  for (const auto& [scope, id] : left) {
    Json& execution = *d_.executions.find(scope, id);
    end(execution, "FAILED", "The server ended while the tasks ran.", d_.clock.now());
    for (Json& task : execution.at("Tasks"))
      if (is_under_way(task)) end(task, "FAILED", "The server ended while the task ran.", d_.clock.now());
    d_.executions.save(scope, id);
  }
  arm();
}

Task<> WindowRuns::stop() {
  stopped_ = true;
  if (armed_for_) d_.clock.cancel(timer_);
  armed_for_.reset();
  running_.cancel();
  co_await running_.join();
}

}  // namespace aviary::ssm
