#pragma once

#include <cstdint>
#include <optional>

namespace aviary::host {

/// The socket at the other end of a loopback TCP connection.
struct SocketOwner {
  std::uint32_t user;   ///< its owner's user id, as this process sees users
  std::uint64_t inode;  ///< names the socket in /proc/<pid>/fd
};

/// Finds the socket 127.0.0.1:`peer_port` that is connected to 127.0.0.1:`local_port`: one exact question to
/// the kernel (sock_diag), or, where that is closed to us, a search of /proc/net/tcp. Nothing if there is
/// none (any more).
std::optional<SocketOwner> connection_owner(std::uint16_t peer_port, std::uint16_t local_port);

/// Whether `pid` or one of its descendants holds the socket open.
bool descends_with_socket(int pid, std::uint64_t inode);

}  // namespace aviary::host
