#include "host/spawner_link.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <deque>
#include <thread>
#include <unordered_map>

#include "base/log.hpp"
#include "spawner/image.hpp"

namespace aviary::host {
namespace {

/// Packets handled in one turn of the loop, so that a burst from the spawner does not keep others waiting.
constexpr int packets_a_turn = 32;
constexpr std::chrono::seconds patience_at_close{5};

bool write_whole(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t length = ::write(file, bytes.data(), bytes.size());
    if (length <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

/// Not among the descriptors that the child rearranges.
int out_of_the_way(int file) {
  if (file < 0) return file;
  const int moved = ::fcntl(file, F_DUPFD_CLOEXEC, 10);
  ::close(file);
  return moved;
}

int program_in_memory() {
  const int file = ::memfd_create("aviary-spawner", MFD_CLOEXEC);
  if (file >= 0 && (!write_whole(file, spawner::image()) || ::fchmod(file, 0700) != 0)) {
    ::close(file);
    return -1;
  }
  return out_of_the_way(file);
}

/// For kernels that are told not to run programs from memory.
int program_in_folder(const std::filesystem::path& folder) {
  const auto path = folder / "spawner";
  ::unlink(path.c_str());
  const int writer = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  if (writer < 0) return -1;
  const bool whole = write_whole(writer, spawner::image());
  ::close(writer);
  return whole ? out_of_the_way(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) : -1;
}

/// The child's descriptors: standard error for what should never happen, the socket as 3, nothing else (all
/// of ours are close-on-exec). 0, or the errno.
int spawn(int image, int socket, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, socket, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const std::string path = "/proc/self/fd/" + std::to_string(image);
  char name[] = "aviary-spawner";
  char* argv[] = {name, nullptr};
  char* environment[] = {nullptr};
  const int error = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, argv, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

struct SpawnerLink::Socket {
  Socket(boost::asio::any_io_executor executor, int descriptor, pid_t process)
      : stream(std::move(executor), descriptor), pid(process) {}

  boost::asio::posix::stream_descriptor stream;
  pid_t pid;
  bool open = true;
  bool sending = false;
  struct Outgoing {
    std::string bytes;
    std::vector<int> descriptors;  // copies, ours
  };
  std::deque<Outgoing> outgoing;
  std::unordered_map<std::uint32_t, Handler> handlers;
  std::function<void()> lost;
};

boost::system::result<std::shared_ptr<SpawnerLink>, LaunchProblem> SpawnerLink::start(
    boost::asio::any_io_executor executor, const std::filesystem::path& image_folder) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return LaunchProblem{errno, "make a socket for the spawner"};
  pid_t pid = 0;
  int error = ENOEXEC;
  for (const bool in_memory : {true, false}) {
    const int image = in_memory ? program_in_memory() : program_in_folder(image_folder);
    error = image < 0 ? errno : spawn(image, ends[1], pid);
    if (image >= 0) ::close(image);
    if (error == 0) break;
  }
  // The program's pages were only needed for the copy.
  const std::string_view image = spawner::image();
  ::madvise(const_cast<char*>(image.data()), image.size() & ~std::size_t{4095}, MADV_DONTNEED);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return LaunchProblem{error, "start the spawner"};
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  std::shared_ptr<SpawnerLink> link(
      new SpawnerLink(std::make_unique<Socket>(std::move(executor), ends[0], pid)));
  link->wait_for_packets();
  return link;
}

SpawnerLink::SpawnerLink(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
SpawnerLink::~SpawnerLink() { close(); }

bool SpawnerLink::alive() const noexcept { return socket_->open; }
int SpawnerLink::pid() const noexcept { return socket_->pid; }
void SpawnerLink::listen(std::uint32_t sandbox, Handler handler) {
  socket_->handlers[sandbox] = std::move(handler);
}
void SpawnerLink::forget(std::uint32_t sandbox) { socket_->handlers.erase(sandbox); }
void SpawnerLink::on_loss(std::function<void()> lost) { socket_->lost = std::move(lost); }

void SpawnerLink::wait_for_packets() {
  socket_->stream.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                             [weak = weak_from_this()](boost::system::error_code error) {
                               const auto self = weak.lock();
                               if (!error && self) self->receive();
                             });
}

void SpawnerLink::receive() {
  for (int i = 0; i < packets_a_turn && socket_->open; ++i) {
    spawner::Received received;
    const auto reception = spawner::receive_packet(socket_->stream.native_handle(), received);
    if (reception == spawner::Reception::Ended) {
      lose();
      return;
    }
    if (reception == spawner::Reception::Nothing) break;
    for (const int descriptor : received.descriptors) ::close(descriptor);
    const auto found = socket_->handlers.find(received.packet.sandbox);
    if (found == socket_->handlers.end()) continue;
    const Handler handler = found->second;  // it may forget itself
    handler(received.packet);
  }
  if (socket_->open) wait_for_packets();
}

void SpawnerLink::send(const spawner::Packet& packet, std::initializer_list<int> descriptors) {
  Socket& socket = *socket_;
  if (!socket.open) return;
  const std::string bytes = spawner::encode(packet);
  if (socket.outgoing.empty()) {
    const int error = spawner::send_packet(socket.stream.native_handle(), bytes, descriptors);
    if (error != EAGAIN && error != ENOBUFS) return;  // sent; or lost, which is seen when reading
  }
  Socket::Outgoing later{bytes, {}};
  for (const int descriptor : descriptors)
    later.descriptors.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  socket.outgoing.push_back(std::move(later));
  wait_to_send();
}

void SpawnerLink::wait_to_send() {
  if (socket_->sending) return;
  socket_->sending = true;
  socket_->stream.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                             [weak = weak_from_this()](boost::system::error_code error) {
                               const auto self = weak.lock();
                               if (!self) return;
                               self->socket_->sending = false;
                               if (!error) self->flush();
                             });
}

void SpawnerLink::flush() {
  Socket& socket = *socket_;
  while (socket.open && !socket.outgoing.empty()) {
    Socket::Outgoing& next = socket.outgoing.front();
    const int descriptor = next.descriptors.empty() ? -1 : next.descriptors.front();
    const int error = descriptor < 0
                          ? spawner::send_packet(socket.stream.native_handle(), next.bytes)
                          : spawner::send_packet(socket.stream.native_handle(), next.bytes, {descriptor});
    if (error == EAGAIN || error == ENOBUFS) {
      wait_to_send();
      return;
    }
    if (descriptor >= 0) ::close(descriptor);
    socket.outgoing.pop_front();
  }
}

void SpawnerLink::lose() {
  if (!socket_->open) return;
  auto lost = std::exchange(socket_->lost, nullptr);
  const auto keep = shared_from_this();
  close();
  if (lost) lost();
}

void SpawnerLink::close() {
  Socket& socket = *socket_;
  if (!socket.open) return;
  socket.open = false;
  socket.stream.close();
  for (const auto& packet : socket.outgoing)
    for (const int descriptor : packet.descriptors) ::close(descriptor);
  socket.outgoing.clear();
  const auto until = std::chrono::steady_clock::now() + patience_at_close;
  for (;;) {
    const pid_t ended = ::waitpid(socket.pid, nullptr, WNOHANG);
    if (ended != 0) break;  // also when somebody else in this process has waited for it
    if (std::chrono::steady_clock::now() > until) {
      log::warn("the spawner (process {}) does not end; killing it", socket.pid);
      ::kill(socket.pid, SIGKILL);
      ::waitpid(socket.pid, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

}  // namespace aviary::host
