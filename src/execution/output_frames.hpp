#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aviary::execution {

/// Takes apart what a process writes: text, whose lines end with a line feed, and records, which a runtime
/// client frames on the descriptor that `_LAMBDA_TELEMETRY_LOG_FD` names, so that one with several lines
/// stays one. A frame is a type, a length, microseconds (4, 4 and 8 bytes, big endian) and the text
/// [awslambdaric, lambda_runtime_log_utils.py; nodejs RIC, LogPatch.js].
///
/// Lambda reads frames from a descriptor of their own. Here both come through one pipe, so that they keep the
/// order in which they were written: no text in UTF-8 has a frame's first bytes.
class OutputFrames {
 public:
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void on_text(std::string_view bytes) = 0;
    virtual void on_record(std::string_view text) = 0;
  };
  /// A frame that claims to be longer is none.
  static constexpr std::size_t longest_record = 8 << 20;

  void take(std::string_view bytes, Receiver& to);
  /// What came of a frame that its writer left unfinished.
  void end(Receiver& to);

 private:
  static constexpr std::size_t head_size = 16;
  bool head_may_be() const noexcept;

  std::string head_;
  std::string record_;
  std::size_t missing_ = 0;  ///< bytes of the record that are still to come
};

}  // namespace aviary::execution
