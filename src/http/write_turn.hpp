#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <vector>

namespace aviary::http {

class Session;

/// Has what the connections of a loop have to say said together, when what is on the loop right now has run.
/// Each write wakes whoever reads there: where that is a process on a processor that has gone to sleep,
/// waking it costs the loop several times what the write itself does. Said together, one wakes it for all;
/// and an answer that is made within the same turn goes out with the one before it.
///
/// One a loop, whatever servers run there. Lives on the loop.
class WriteTurn final : public boost::asio::execution_context::service {
 public:
  using key_type = WriteTurn;
  static boost::asio::execution_context::id id;
  static WriteTurn& of(const boost::asio::any_io_executor& executor);

  explicit WriteTurn(boost::asio::execution_context& context) : service(context) {}

  /// `session.flush()` will be called, once.
  void add(Session& session, const boost::asio::any_io_executor& executor);
  /// Not any more.
  void remove(const Session& session);

 private:
  void shutdown() override { sessions_.clear(); }
  void pass(const boost::asio::any_io_executor& executor, int turns);
  void flush();

  std::vector<Session*> sessions_;  ///< null: removed
  bool passing_ = false;
};

}  // namespace aviary::http
