#include "execution/invoke_board.hpp"

#include <algorithm>
#include <utility>

namespace aviary::execution {

std::string_view error_type(PostCheck check) noexcept {
  switch (check) {
    case PostCheck::Accepted:
      return {};
    case PostCheck::InvalidInvokeId:
      return "Runtime.InvalidInvokeId";
    case PostCheck::InvokeTimeout:
      return "Runtime.InvokeTimeout";
    case PostCheck::ResponseInProgress:
      return "Runtime.InvokeResponseInProgress";
    case PostCheck::ErrorInProgress:
      return "Runtime.ErrorResponseInProgress";
  }
  return {};
}

std::shared_ptr<WaitingRuntime> InvokeBoard::wait(std::uint64_t connection) {
  if (returning_ > 0) --returning_;
  if (idle_.size() >= most_) return nullptr;
  auto runtime = std::make_shared<WaitingRuntime>();
  runtime->connection = connection;
  idle_.push_back(runtime);
  return runtime;
}

void InvokeBoard::drop_lost(const std::function<bool(std::uint64_t)>& connected) {
  std::erase_if(idle_, [&connected](const auto& runtime) {
    if (runtime->connection == 0 || connected(runtime->connection)) return false;
    runtime->event.set(false);
    return true;
  });
}

void InvokeBoard::release_all() {
  for (const auto& runtime : std::exchange(idle_, {})) runtime->event.set(false);
}

BeginCheck InvokeBoard::begin(const std::string& request_id) {
  if (running_.contains(request_id)) return BeginCheck::DuplicatedInvokeId;
  if (!takes()) return BeginCheck::NoIdleRuntime;
  running_.emplace(request_id, Progress::NoResponse);
  std::erase(timed_out_, request_id);  // of an earlier attempt
  const std::shared_ptr<WaitingRuntime> runtime = std::move(idle_.front());
  idle_.pop_front();
  runtime->request_id = request_id;
  runtime->event.set(true);
  return BeginCheck::Begun;
}

PostCheck InvokeBoard::unknown(std::string_view request_id) {
  return std::erase(timed_out_, request_id) > 0 ? PostCheck::InvokeTimeout : PostCheck::InvalidInvokeId;
}

PostCheck InvokeBoard::respond(std::string_view request_id) {
  const auto found = running_.find(request_id);
  if (found == running_.end()) return unknown(request_id);
  if (found->second != Progress::NoResponse) return PostCheck::ResponseInProgress;
  found->second = Progress::Response;
  return PostCheck::Accepted;
}

PostCheck InvokeBoard::fail(std::string_view request_id) {
  const auto found = running_.find(request_id);
  if (found == running_.end()) return unknown(request_id);
  if (found->second == Progress::Error) return PostCheck::ErrorInProgress;
  found->second = Progress::Error;
  return PostCheck::Accepted;
}

void InvokeBoard::finish(std::string_view request_id) {
  const auto found = running_.find(request_id);
  if (found == running_.end()) return;
  running_.erase(found);
  ++returning_;
}

void InvokeBoard::time_out(std::string_view request_id) {
  const auto found = running_.find(request_id);
  if (found == running_.end()) return;
  timed_out_.push_back(found->first);
  if (timed_out_.size() > most_timed_out) timed_out_.pop_front();
  running_.erase(found);
}

}  // namespace aviary::execution
