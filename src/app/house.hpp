#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "aviary/emulator.hpp"
#include "ports/task.hpp"

namespace aviary::app {

struct Parts;

/// The composition root: every part of one emulator, tied together. Built, used and destroyed on the loop's
/// thread.
class House {
 public:
  House(boost::asio::io_context& loop, const EmulatorOptions& options);
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// Reads state back and starts to listen. Empty when all is well, else why not, in one line.
  std::string open();
  /// Stops accepting, lets what runs finish within `grace`, ends every process, waits for the journal.
  Task<> close(std::chrono::milliseconds grace);

  std::uint16_t port() const noexcept;
  /// `http://127.0.0.1:4566`, as a local client reaches it.
  std::string endpoint() const;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace aviary::app
