#include "services/sqs/core/queue.hpp"

namespace aviary::sqs {

using State = Message::State;

Queue::Queue(QueueId id, std::string uid, QueueSettings settings, Instant at, MessageLog& log)
    : created(at),
      modified(at),
      id_(std::move(id)),
      uid_(std::move(uid)),
      settings_(std::move(settings)),
      log_(log) {}

void Queue::change_settings(QueueSettings settings, Instant now) {
  const int before = settings_.delay;
  settings_ = std::move(settings);
  modified = now;
  if (!settings_.fifo || before == settings_.delay) return;
  std::vector<std::uint64_t> delayed;
  for (const auto& [due, number] : waiting_)
    if (at(number).state == State::Delayed) delayed.push_back(number);
  for (const std::uint64_t number : delayed) {
    Message& message = at(number);
    unindex(message);
    message.due = message.sent + std::chrono::seconds(settings_.delay);
    index(message);
    log_.saved(uid_, message);
  }
}

void Queue::add(Message message, int delay) {
  const std::uint64_t number = message.number;
  message.state = delay > 0 ? State::Delayed : State::Ready;
  message.due = message.due + std::chrono::seconds(delay);
  Message& placed = messages_.emplace(number, std::move(message)).first->second;
  ages_.emplace(placed.sent, number);
  if (settings_.fifo) {
    close(placed.content.group);
    groups_[placed.content.group].messages.insert(number);
  }
  index(placed);
  log_.saved(uid_, placed);
}

void Queue::restore(Message message) {
  const std::uint64_t number = message.number;
  Message& placed = messages_.emplace(number, std::move(message)).first->second;
  ages_.emplace(placed.sent, number);
  if (settings_.fifo) {
    close(placed.content.group);
    groups_[placed.content.group].messages.insert(number);
  }
  index(placed);
}

/// Enters a message where its state puts it.
void Queue::index(Message& message) {
  if (message.state != State::Ready) waiting_.emplace(message.due, message.number);
  if (message.state == State::Delayed) ++delayed_;
  if (message.state == State::InFlight) ++in_flight_;
  if (!settings_.fifo) {
    if (message.state == State::Ready) ready_.insert(message.number);
    return;
  }
  if (message.state == State::InFlight) ++groups_[message.content.group].in_flight;
  open(message.content.group);
}

void Queue::unindex(Message& message) {
  if (message.state != State::Ready) waiting_.erase({message.due, message.number});
  if (message.state == State::Delayed) --delayed_;
  if (message.state == State::InFlight) --in_flight_;
  if (!settings_.fifo) {
    if (message.state == State::Ready) ready_.erase(message.number);
    return;
  }
  close(message.content.group);
  if (message.state == State::InFlight) --groups_[message.content.group].in_flight;
}

/// Offers a group if its first message may leave.
void Queue::open(const std::string& name) {
  const auto group = groups_.find(name);
  if (group == groups_.end() || group->second.in_flight > 0 || group->second.messages.empty()) return;
  const std::uint64_t first = *group->second.messages.begin();
  if (at(first).state == State::Ready) open_groups_.emplace(first, name);
}

void Queue::close(const std::string& name) {
  const auto group = groups_.find(name);
  if (group != groups_.end() && !group->second.messages.empty())
    open_groups_.erase(*group->second.messages.begin());
}

void Queue::set_state(Message& message, State state, Instant due) {
  unindex(message);
  message.state = state;
  message.due = due;
  index(message);
  log_.saved(uid_, message);
}

void Queue::settle(Instant now) {
  const Instant oldest = now - std::chrono::seconds(settings_.retention);
  while (!ages_.empty() && ages_.begin()->first <= oldest) erase(ages_.begin()->second);
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    Message& message = at(waiting_.begin()->second);
    set_state(message, State::Ready, message.due);
  }
}

bool Queue::too_often(const Message& message) const {
  return settings_.redrive && message.receives >= settings_.redrive->max_receives;
}

bool Queue::can_receive() const noexcept { return !ready_.empty() || !open_groups_.empty(); }

std::optional<Instant> Queue::next_due() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

Queue::Taken Queue::receive(Instant now, std::size_t count, int visibility, std::uint64_t receipt,
                            bool dead_letters) {
  Taken taken;
  const auto take = [&](std::uint64_t number) {
    Message& message = at(number);
    if (dead_letters && too_often(message)) {
      taken.dead.push_back(extract(number));
      return;
    }
    ++message.receives;
    if (message.receives == 1) message.first_received = now;
    message.receipt = receipt;
    set_state(message, State::InFlight, now + std::chrono::seconds(visibility));
    taken.received.push_back(number);
  };
  if (!settings_.fifo) {
    while (taken.received.size() < count && !ready_.empty()) take(*ready_.begin());
    return taken;
  }
  // As many of one group as there are, then the next group.
  while (taken.received.size() < count && !open_groups_.empty()) {
    const std::string name = open_groups_.begin()->second;
    const Group& group = groups_.at(name);
    std::vector<std::uint64_t> numbers;
    for (const std::uint64_t number : group.messages) {
      if (at(number).state != State::Ready || numbers.size() + taken.received.size() == count) break;
      numbers.push_back(number);
    }
    for (const std::uint64_t number : numbers) take(number);
  }
  return taken;
}

std::uint64_t Queue::next_ready() const {
  return settings_.fifo ? open_groups_.begin()->first : *ready_.begin();
}

std::vector<Message> Queue::take_out(std::size_t count) {
  std::vector<Message> out;
  while (out.size() < count && can_receive()) out.push_back(extract(next_ready()));
  return out;
}

Message Queue::extract(std::uint64_t number) {
  Message& message = at(number);
  unindex(message);
  ages_.erase({message.sent, number});
  Message out = std::move(message);
  messages_.erase(number);
  if (settings_.fifo) {
    const auto group = groups_.find(out.content.group);
    group->second.messages.erase(number);
    if (group->second.messages.empty())
      groups_.erase(group);
    else
      open(out.content.group);
  }
  log_.erased(uid_, number);
  return out;
}

const Message* Queue::find(std::uint64_t number) const {
  const auto found = messages_.find(number);
  return found == messages_.end() ? nullptr : &found->second;
}

void Queue::erase(std::uint64_t number) {
  if (messages_.contains(number)) extract(number);
}

void Queue::change_visibility(std::uint64_t number, int seconds, Instant now) {
  const auto found = messages_.find(number);
  if (found == messages_.end() || found->second.state != State::InFlight) return;
  const bool at_once = seconds == 0;
  set_state(found->second, at_once ? State::Ready : State::InFlight, now + std::chrono::seconds(seconds));
}

void Queue::purge() {
  while (!ages_.empty()) erase(ages_.begin()->second);
}

}  // namespace aviary::sqs
