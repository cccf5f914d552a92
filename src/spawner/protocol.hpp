#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// What the server, the spawner and the first process of every sandbox say to each other: packets over
/// SOCK_SEQPACKET sockets, descriptors beside them. All three are built from one tree and run on one machine,
/// so integers travel as they are.
namespace aviary::spawner {

enum class Op : std::uint32_t {
  // From the server to the spawner; those marked * go on to the sandbox's first process.
  Hello,   ///< texts: see `HelloText`, then further read-only folders; numbers[0]: Isolation; a lock
           ///< descriptor
  Create,  ///< numbers: memory bytes, tmp bytes, whether the task root is a whole file system instead;
           ///< texts: id, task root, layers…
  Spare,   ///< as Start, for a sandbox that is not created yet: see `Spawner::spare`
  Start,  ///< * numbers: see `StartNumber`; texts: working directory, arguments…, NAME=value…; the output
          ///< pipe
  StartBeside,  ///< * a program beside the one of Start; numbers: see `BesideNumber`; texts and pipe as there
  Freeze,       ///< * by signal, where there is no cgroup to freeze
  Thaw,         ///< *
  Terminate,    ///< * SIGTERM to the process that was started
  KillFirst,    ///< * SIGKILL to it alone
  Kill,         ///< * SIGKILL to all processes
  Destroy,
  // From the spawner to the server.
  Ready,    ///< numbers: Isolation in effect, TmpKind for the usual size; texts: why no namespaces, notes
  Created,  ///< numbers: errno, user id on the host; texts: failing step | "", memory peak file, freeze file,
            ///< temporary folder on the host, the address that is sandbox.localdomain inside
  Started,  ///< numbers: errno, process id on the host; texts: failing step
  Exited,   ///< numbers: code, signal, out of memory, peak bytes (0: ask the cgroup)
  StartedBeside,  ///< numbers: errno, serial, process id on the host; texts: failing step
  ExitedBeside,   ///< numbers: serial, code, signal
  Peak,           ///< numbers: peak bytes, sampled
  Gone,           ///< the sandbox's first process died: nothing can be started in it any more
  // Between the spawner and a sandbox's first process.
  Build,  ///< numbers: see `BuildNumber`; texts: world folder, temporary folder to watch | ""; mounts'
          ///< descriptors
  Built,  ///< numbers: errno; texts: failing step
};

enum class Isolation : std::int64_t { Auto, Namespaces, None };
enum class TmpKind : std::int64_t { Image, Memory, Folder, Host };

namespace hello {
enum Text : std::size_t { state_folder, runtime_folder, first_extra };
enum Number : std::size_t { isolation, base_uid };
}  // namespace hello

namespace start {
/// `waits`: the process is told its working directory and its environment later, by the next Start.
enum Number : std::size_t { arguments, waits };
}  // namespace start

namespace beside {
/// `serial` names the program in what is said of it later.
enum Number : std::size_t { arguments, serial };
}  // namespace beside

/// The process that waits reads them from its standard input to the end: each with a NUL behind it.
inline constexpr std::string_view waiting_variable = "AVIARY_WAIT=1";
/// Where a process of a managed runtime finds the descriptor for framed log records, as on Lambda.
inline constexpr int telemetry_descriptor = 62;
inline constexpr std::string_view telemetry_variable = "_LAMBDA_TELEMETRY_LOG_FD=";

namespace build {
enum Number : std::size_t {
  isolated,
  uid,
  gid,
  has_opt,
  sample_bytes,
  watch_bytes,
  processes,
  has_hosts,
  has_root
};
}  // namespace build

/// Packets larger than this cannot be sent (a socket's default buffer holds about 200 KiB).
inline constexpr std::size_t largest_packet = 160 * 1024;
inline constexpr std::size_t most_descriptors = 4;

/// Who runs the function's code inside: as on Lambda.
inline constexpr std::int64_t sandbox_uid = 993;
inline constexpr std::int64_t sandbox_gid = 990;

struct Packet {
  Op op = Op::Hello;
  std::uint32_t sandbox = 0;
  std::vector<std::int64_t> numbers{};
  std::vector<std::string> texts{};

  std::int64_t number(std::size_t index) const { return index < numbers.size() ? numbers[index] : 0; }
  std::string text(std::size_t index) const { return index < texts.size() ? texts[index] : std::string(); }
};

std::string encode(const Packet& packet);
/// False for bytes that are no packet.
bool decode(std::string_view bytes, Packet& packet);

/// 0, or the errno. EAGAIN only on a non-blocking socket; EMSGSIZE beyond `largest_packet`.
int send_packet(int socket, std::string_view encoded, std::initializer_list<int> descriptors = {});
int send_packet(int socket, const Packet& packet, std::initializer_list<int> descriptors = {});
/// Says on the way which child of the sender it is about; the kernel translates the process id for a receiver
/// in another pid namespace.
int send_packet_about(int socket, const Packet& packet, int child);

struct Received {
  Packet packet;
  std::vector<int> descriptors;  ///< close-on-exec; the caller's to close
  int sender_pid = 0;            ///< as the receiver sees it, when the socket passes credentials
};
enum class Reception { Packet, Nothing, Ended };
/// `Nothing`: a non-blocking socket has none now, or what came was no packet.
Reception receive_packet(int socket, Received& received);

}  // namespace aviary::spawner
