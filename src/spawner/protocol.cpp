#include "spawner/protocol.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace aviary::spawner {
namespace {

struct Header {
  std::uint32_t op;
  std::uint32_t sandbox;
  std::uint32_t numbers;
  std::uint32_t texts;
};

}  // namespace

std::string encode(const Packet& packet) {
  std::size_t size = sizeof(Header) + packet.numbers.size() * sizeof(std::int64_t);
  for (const auto& text : packet.texts) size += sizeof(std::uint32_t) + text.size();
  std::string bytes;
  bytes.reserve(size);
  const auto put = [&bytes](const void* data, std::size_t length) {
    bytes.append(static_cast<const char*>(data), length);
  };
  const Header header{static_cast<std::uint32_t>(packet.op), packet.sandbox,
                      static_cast<std::uint32_t>(packet.numbers.size()),
                      static_cast<std::uint32_t>(packet.texts.size())};
  put(&header, sizeof header);
  put(packet.numbers.data(), packet.numbers.size() * sizeof(std::int64_t));
  for (const auto& text : packet.texts) {
    const auto length = static_cast<std::uint32_t>(text.size());
    put(&length, sizeof length);
    put(text.data(), text.size());
  }
  return bytes;
}

bool decode(std::string_view bytes, Packet& packet) {
  const auto take = [&bytes](void* into, std::size_t length) {
    if (bytes.size() < length) return false;
    if (length > 0) std::memcpy(into, bytes.data(), length);
    bytes.remove_prefix(length);
    return true;
  };
  Header header;
  if (!take(&header, sizeof header)) return false;
  if (header.numbers > bytes.size() / sizeof(std::int64_t) || header.texts > bytes.size()) return false;
  packet.op = static_cast<Op>(header.op);
  packet.sandbox = header.sandbox;
  packet.numbers.resize(header.numbers);
  if (!take(packet.numbers.data(), header.numbers * sizeof(std::int64_t))) return false;
  packet.texts.clear();
  for (std::uint32_t i = 0; i < header.texts; ++i) {
    std::uint32_t length;
    if (!take(&length, sizeof length) || length > bytes.size()) return false;
    packet.texts.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return bytes.empty();
}

int send_packet(int socket, std::string_view encoded, std::initializer_list<int> descriptors) {
  if (encoded.size() > largest_packet) return EMSGSIZE;
  iovec part{const_cast<char*>(encoded.data()), encoded.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_descriptors)] = {};
  if (descriptors.size() > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::memcpy(CMSG_DATA(head), descriptors.begin(), sizeof(int) * descriptors.size());
  }
  for (;;) {
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int send_packet(int socket, const Packet& packet, std::initializer_list<int> descriptors) {
  return send_packet(socket, encode(packet), descriptors);
}

int send_packet_about(int socket, const Packet& packet, int child) {
  const std::string encoded = encode(packet);
  iovec part{const_cast<char*>(encoded.data()), encoded.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_CREDENTIALS;
  head->cmsg_len = CMSG_LEN(sizeof(ucred));
  const ucred about{child, ::geteuid(), ::getegid()};
  std::memcpy(CMSG_DATA(head), &about, sizeof about);
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return 0;
  return send_packet(socket, encoded);
}

Reception receive_packet(int socket, Received& received) {
  // Not zeroed: the server only ever gets small packets, and pages that nobody touches cost nothing.
  static thread_local const std::unique_ptr<char[]> buffer(new char[largest_packet]);
  received = Received();
  iovec part{buffer.get(), largest_packet};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_descriptors) + CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length;
  do {
    length = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Reception::Nothing : Reception::Ended;
  if (length == 0) return Reception::Ended;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET) continue;
    if (head->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      received.descriptors.resize(count);
      std::memcpy(received.descriptors.data(), CMSG_DATA(head), count * sizeof(int));
    } else if (head->cmsg_type == SCM_CREDENTIALS) {
      ucred sender;
      std::memcpy(&sender, CMSG_DATA(head), sizeof sender);
      received.sender_pid = sender.pid;
    }
  }
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                     decode({buffer.get(), static_cast<std::size_t>(length)}, received.packet);
  if (whole) return Reception::Packet;
  for (const int descriptor : received.descriptors) ::close(descriptor);
  received.descriptors.clear();
  return Reception::Nothing;
}

}  // namespace aviary::spawner
