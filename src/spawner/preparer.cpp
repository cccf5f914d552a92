#include "spawner/preparer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spawner/protocol.hpp"

namespace aviary::spawner {
namespace {

[[noreturn]] void run(int socket, const Cgroups& cgroups, TmpStorage storage) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "aviary-preparer");
  constexpr int place = 3;
  ::dup2(socket, place);
  close_from(place + 1);
  ::fcntl(place, F_SETFD, FD_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  storage.open_beside();
  for (;;) {
    Received received;
    const auto reception = receive_packet(place, received);
    if (reception == Reception::Ended) ::_exit(0);
    if (reception == Reception::Nothing) continue;
    const Packet& packet = received.packet;
    const std::string name = packet.text(0);
    const bool entered = cgroups.make(name) && cgroups.enter(name, static_cast<pid_t>(packet.number(0)));
    const auto bytes = static_cast<std::uint64_t>(packet.number(1));
    const Descriptor tmp = entered && bytes != 0 ? storage.make_image(bytes) : Descriptor();
    const Packet answer{Op::Built, packet.sandbox, {entered ? 0 : 1}, {}};
    if (tmp)
      send_packet(place, answer, {tmp.get()});
    else
      send_packet(place, answer);
  }
}

}  // namespace

Failure Preparer::start(const Cgroups& cgroups, const TmpStorage& storage) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failed("make a socket");
  const Descriptor other(ends[1]);
  Descriptor own(ends[0]);
  pid_ = ::fork();
  if (pid_ == 0) run(other.get(), cgroups, storage);
  if (pid_ < 0) return failed("start the preparer");
  ::fcntl(own.get(), F_SETFL, O_NONBLOCK);
  socket_ = std::move(own);
  return {};
}

bool Preparer::ask(std::uint32_t serial, const std::string& name, pid_t process, std::uint64_t bytes) {
  return send_packet(socket_.get(),
                     Packet{Op::Build, serial, {process, static_cast<std::int64_t>(bytes)}, {name}}) == 0;
}

bool Preparer::hear(Answer& answer) {
  Received received;
  switch (receive_packet(socket_.get(), received)) {
    case Reception::Ended:
      socket_.reset();
      return false;
    case Reception::Nothing:
      return false;
    case Reception::Packet:
      break;
  }
  answer.serial = received.packet.sandbox;
  answer.entered = received.packet.number(0) == 0;
  if (!received.descriptors.empty()) answer.tmp.reset(received.descriptors.front());
  return true;
}

}  // namespace aviary::spawner
