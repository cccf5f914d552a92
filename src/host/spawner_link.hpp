#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "ports/sandbox.hpp"
#include "spawner/protocol.hpp"

namespace aviary::host {

/// The server's end of one spawner process (src/spawner): starts it, sends packets in order, hands what comes
/// back to the sandbox that it is for. Lives on the loop's thread.
class SpawnerLink : public std::enable_shared_from_this<SpawnerLink> {
 public:
  using Handler = std::function<void(const spawner::Packet&)>;

  /// Starts the process. `image_folder` serves where the kernel does not run programs from memory.
  static boost::system::result<std::shared_ptr<SpawnerLink>, LaunchProblem> start(
      boost::asio::any_io_executor executor, const std::filesystem::path& image_folder);
  ~SpawnerLink();
  SpawnerLink(const SpawnerLink&) = delete;
  SpawnerLink& operator=(const SpawnerLink&) = delete;

  /// `descriptors` stay the caller's; copies travel. Silently nothing once the spawner is gone.
  void send(const spawner::Packet& packet, std::initializer_list<int> descriptors = {});
  /// What comes for this sandbox; 0 is the spawner itself.
  void listen(std::uint32_t sandbox, Handler handler);
  void forget(std::uint32_t sandbox);
  /// Called once if the spawner goes away by itself.
  void on_loss(std::function<void()> lost);
  bool alive() const noexcept;
  int pid() const noexcept;
  /// Closes the socket, upon which the spawner clears everything away, and waits for that (a bounded time).
  void close();

 private:
  struct Socket;
  explicit SpawnerLink(std::unique_ptr<Socket> socket);
  void wait_for_packets();
  void receive();
  void wait_to_send();
  void flush();
  void lose();

  std::unique_ptr<Socket> socket_;
};

}  // namespace aviary::host
