#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/aws_error.hpp"
#include "ports/one_shot.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "wire/body_stream.hpp"

namespace aviary::lambda {

/// Carries what a function writes on to its caller, piece by piece, never holding more than a little: while
/// the caller is slow, the function is held back. Lives until both streams have ended, of which each keeps
/// it.
class ResponsePump final : public std::enable_shared_from_this<ResponsePump> {
 public:
  /// `frame` turns a piece into what goes out; it may keep some of it back.
  explicit ResponsePump(std::function<std::string(std::string_view piece)> frame)
      : frame_(std::move(frame)) {}

  const std::shared_ptr<wire::BodyStream> in =
      std::make_shared<wire::BodyStream>();  ///< the function writes here
  const std::shared_ptr<wire::BodyStream> out =
      std::make_shared<wire::BodyStream>();  ///< the connection reads here

  void start() {
    in->on_written = [self = shared_from_this()] { self->pump(); };
    out->on_taken = [self = shared_from_this()] { self->pump(); };
  }
  /// Nothing more comes in: what is there goes out, then `last`, then the end. Not `whole`: the caller is to
  /// see that something is missing.
  void finish(std::string last, bool whole = true) {
    last_ = std::move(last);
    whole_ = whole;
    finished_ = true;
    pump();
  }

 private:
  static constexpr std::size_t most_waiting = 128 * 1024;
  static constexpr std::size_t piece_size = 64 * 1024;

  void pump() {
    const std::shared_ptr<ResponsePump> self = shared_from_this();
    while (!out->closed() && out->waiting() < most_waiting) {
      const std::string piece = in->take(piece_size);
      if (piece.empty()) break;
      out->write(frame_(piece));
    }
    if (out->closed()) {
      in->close();
      let_go();
    } else if (finished_ && in->waiting() == 0) {
      let_go();
      out->write(last_);
      if (whole_)
        out->end();
      else
        out->fail();
    }
  }
  void let_go() {
    in->on_written = nullptr;
    out->on_taken = nullptr;
  }

  std::function<std::string(std::string_view)> frame_;
  std::string last_;
  bool whole_ = true;
  bool finished_ = false;
};

/// One invocation whose caller is answered before it has ended.
struct StreamedRun {
  std::shared_ptr<ResponsePump> pump;
  OneShot<bool> begun;            ///< the caller can be answered
  bool has_begun = false;         ///< the function has begun to write
  std::string content_type;       ///< of what it writes
  std::optional<AwsError> error;  ///< it could not run
  /// What is told at the end, when the caller has its answer already.
  std::function<void(StreamedRun& run, Result<Outcome> outcome)> conclude;
};

}  // namespace aviary::lambda
