#include "http/write_turn.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <utility>

#include "http/session.hpp"

namespace aviary::http {
namespace {

/// What runs now resumes others, which come after it in the loop's queue, and those resume others again: an
/// invoke is four turns from its request to what it has to say.
constexpr int turns_passed = 4;
/// So many wait for nobody: who is woken for them works while the loop goes on.
constexpr std::size_t most_waiting = 16;

}  // namespace

boost::asio::execution_context::id WriteTurn::id;

WriteTurn& WriteTurn::of(const boost::asio::any_io_executor& executor) {
  return boost::asio::use_service<WriteTurn>(boost::asio::query(executor, boost::asio::execution::context));
}

void WriteTurn::add(Session& session, const boost::asio::any_io_executor& executor) {
  sessions_.push_back(&session);
  if (sessions_.size() >= most_waiting) {
    flush();
    return;
  }
  if (std::exchange(passing_, true)) return;
  pass(executor, turns_passed);
}

void WriteTurn::remove(const Session& session) {
  const auto found = std::find(sessions_.begin(), sessions_.end(), &session);
  if (found != sessions_.end()) *found = nullptr;
}

void WriteTurn::pass(const boost::asio::any_io_executor& executor, int turns) {
  if (turns == 0) {
    passing_ = false;
    flush();
    return;
  }
  boost::asio::post(executor, [this, executor, turns] { pass(executor, turns - 1); });
}

void WriteTurn::flush() {
  for (std::size_t i = 0; i < sessions_.size(); ++i)
    if (Session* session = std::exchange(sessions_[i], nullptr)) session->flush();
  sessions_.clear();
}

}  // namespace aviary::http
