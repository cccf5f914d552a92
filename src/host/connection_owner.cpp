#include "host/connection_owner.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace aviary::host {
namespace {

/// One netlink socket a thread, for as long as it lives.
class Diagnostics {
 public:
  Diagnostics() : socket_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {
    if (socket_ < 0) return;
    const timeval patience{0, 200000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Diagnostics() {
    if (socket_ >= 0) ::close(socket_);
  }
  Diagnostics(const Diagnostics&) = delete;
  Diagnostics& operator=(const Diagnostics&) = delete;

  enum class Answer { Found, None, Unusable };
  Answer ask(std::uint16_t peer_port, std::uint16_t local_port, SocketOwner& owner) {
    if (socket_ < 0) return Answer::Unusable;
    struct {
      nlmsghdr header;
      inet_diag_req_v2 question;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.header.nlmsg_seq = ++sequence_;
    request.question.sdiag_family = AF_INET;
    request.question.sdiag_protocol = IPPROTO_TCP;
    request.question.idiag_states = ~0U;
    request.question.id.idiag_sport = htons(peer_port);
    request.question.id.idiag_dport = htons(local_port);
    request.question.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
    request.question.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
    request.question.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request.question.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (::send(socket_, &request, sizeof request, 0) < 0) return Answer::Unusable;
    for (;;) {
      alignas(nlmsghdr) char bytes[4096];
      const ssize_t length = ::recv(socket_, bytes, sizeof bytes, 0);
      if (length < static_cast<ssize_t>(sizeof(nlmsghdr))) return Answer::Unusable;
      nlmsghdr header;
      std::memcpy(&header, bytes, sizeof header);
      if (header.nlmsg_seq != sequence_) continue;  // an answer that came too late for its question
      if (header.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error;
        std::memcpy(&error, bytes + NLMSG_HDRLEN, sizeof error);
        return error.error == -ENOENT ? Answer::None : Answer::Unusable;
      }
      if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) continue;
      inet_diag_msg found;
      std::memcpy(&found, bytes + NLMSG_HDRLEN, sizeof found);
      // The look-up falls back on listening sockets; only the very connection counts.
      if (found.id.idiag_dport != htons(local_port) || found.id.idiag_sport != htons(peer_port))
        return Answer::None;
      owner = {found.idiag_uid, found.idiag_inode};
      return Answer::Found;
    }
  }

 private:
  int socket_;
  std::uint32_t sequence_ = 0;
};

std::optional<SocketOwner> search_table(std::uint16_t peer_port, std::uint16_t local_port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  const std::string local = fmt::format("{:08X}:{:04X}", htonl(INADDR_LOOPBACK), peer_port);
  const std::string remote = fmt::format("{:08X}:{:04X}", htonl(INADDR_LOOPBACK), local_port);
  while (std::getline(table, line)) {
    char from[32];
    char to[32];
    unsigned user = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), " %*d: %31s %31s %*x %*s %*s %*s %u %*d %lu", from, to, &user, &inode) ==
            4 &&
        local == from && remote == to)
      return SocketOwner{user, inode};
  }
  return std::nullopt;
}

bool holds_socket(int pid, const std::string& link) {
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(entries)) {
    char target[64];
    const ssize_t length = ::readlinkat(::dirfd(entries), entry->d_name, target, sizeof target);
    if (length == static_cast<ssize_t>(link.size()) && std::memcmp(target, link.data(), link.size()) == 0) {
      found = true;
      break;
    }
  }
  ::closedir(entries);
  return found;
}

void add_children(int pid, std::vector<int>& into) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    if (entry->d_name[0] == '.') continue;
    std::ifstream children(fmt::format("{}/{}/children", folder, entry->d_name));
    for (int child = 0; children >> child;) into.push_back(child);
  }
  ::closedir(entries);
}

}  // namespace

std::optional<SocketOwner> connection_owner(std::uint16_t peer_port, std::uint16_t local_port) {
  static thread_local Diagnostics diagnostics;
  SocketOwner owner{};
  switch (diagnostics.ask(peer_port, local_port, owner)) {
    case Diagnostics::Answer::Found:
      return owner;
    case Diagnostics::Answer::None:
      return std::nullopt;
    case Diagnostics::Answer::Unusable:
      break;
  }
  return search_table(peer_port, local_port);
}

bool descends_with_socket(int pid, std::uint64_t inode) {
  const std::string link = fmt::format("socket:[{}]", inode);
  std::vector<int> frontier{pid};
  for (std::size_t next = 0; next < frontier.size() && frontier.size() < 4096; ++next) {
    if (holds_socket(frontier[next], link)) return true;
    add_children(frontier[next], frontier);
  }
  return false;
}

}  // namespace aviary::host
