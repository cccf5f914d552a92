#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aviary::host {

/// This process, so that another of this machine can tell later whether it still runs:
/// `<host name>/<process id>/<start time>`.
std::string process_identity();

/// Whether that process is gone. False for one of another machine, of which nothing is known.
bool process_gone(std::string_view identity);

/// Whether this process may look which sockets that one has open.
bool can_inspect(int pid);

/// The most memory that the process has had, in bytes; 0 if it cannot be told.
std::uint64_t most_memory_of(int pid);

}  // namespace aviary::host
