// The public face: whole emulators on real ports, several in one process.
#include "aviary/emulator.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/encoding.hpp"
#include "support/zip_writer.hpp"

namespace aviary {
namespace {

/// One request over a connection of its own; the whole answer as text.
std::string ask(std::uint16_t port, std::string_view method, std::string_view target,
                std::string_view body = {}, std::string_view more_headers = {}) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = fmt::format(
        "{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{}", method,
        target, port, more_headers, body.size(), body);
    for (std::size_t sent = 0; sent < request.size();) {
      const ssize_t n = send(socket, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(socket, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  close(socket);
  return answer;
}

std::string new_function(std::string_view name) {
  testing::ZipWriter zip;
  zip.file("bootstrap", "#!/bin/sh\nexit 0\n", 0755);
  return fmt::format(
      R"({{"FunctionName":"{}","Runtime":"provided.al2023","Handler":"x","Role":"arn:aws:iam::123456789012:role/r","Code":{{"ZipFile":"{}"}}}})",
      name, base64_encode(zip.bytes()));
}

EmulatorOptions quiet() {
  EmulatorOptions options;
  options.log_level = "off";
  return options;
}

TEST(Emulator, AnswersUnderItsEndpoint) {
  auto [emulator, problem] = Emulator::start(quiet());
  ASSERT_TRUE(emulator) << problem;
  EXPECT_EQ(emulator->endpoint(), fmt::format("http://127.0.0.1:{}", emulator->port()));
  EXPECT_NE(ask(emulator->port(), "GET", "/_aviary/health").find("\"running\""), std::string::npos);
  EXPECT_NE(ask(emulator->port(), "GET", "/_localstack/health").find("\"lambda\""), std::string::npos);
}

TEST(Emulator, SeveralLiveSideBySideAndShareNothing) {
  auto first = Emulator::start(quiet());
  auto second = Emulator::start(quiet());
  ASSERT_TRUE(first.emulator && second.emulator) << first.problem << second.problem;
  ASSERT_NE(first.emulator->port(), second.emulator->port());
  const std::string created =
      ask(first.emulator->port(), "POST", "/2015-03-31/functions", new_function("mine"));
  EXPECT_TRUE(created.starts_with("HTTP/1.1 201")) << created;
  EXPECT_TRUE(ask(first.emulator->port(), "GET", "/2015-03-31/functions/mine").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask(second.emulator->port(), "GET", "/2015-03-31/functions/mine").starts_with("HTTP/1.1 404"));
}

TEST(Emulator, SaysWhyItCannotStart) {
  auto first = Emulator::start(quiet());
  ASSERT_TRUE(first.emulator) << first.problem;
  EmulatorOptions taken = quiet();
  taken.port = first.emulator->port();
  auto second = Emulator::start(taken);
  EXPECT_FALSE(second.emulator);
  EXPECT_NE(second.problem.find(std::to_string(taken.port)), std::string::npos) << second.problem;
  EmulatorOptions nonsense = quiet();
  nonsense.access_key = {"no-secret"};
  EXPECT_FALSE(Emulator::start(nonsense).emulator);
}

TEST(Emulator, KeepsStateInItsFolderAndSharesThatWithNobody) {
  const std::string folder = ::testing::TempDir() + fmt::format("aviary-emulator-test-{}", getpid());
  EmulatorOptions options = quiet();
  options.data_dir = folder;
  {
    auto [emulator, problem] = Emulator::start(options);
    ASSERT_TRUE(emulator) << problem;
    EXPECT_TRUE(ask(emulator->port(), "POST", "/2015-03-31/functions", new_function("kept"))
                    .starts_with("HTTP/1.1 201"));
    EXPECT_FALSE(Emulator::start(options).emulator) << "one server a folder";
  }
  {
    auto [emulator, problem] = Emulator::start(options);
    ASSERT_TRUE(emulator) << problem;
    EXPECT_TRUE(ask(emulator->port(), "GET", "/2015-03-31/functions/kept").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask(emulator->port(), "POST", "/_aviary/reset").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask(emulator->port(), "GET", "/2015-03-31/functions/kept").starts_with("HTTP/1.1 404"));
  }
  {
    auto [emulator, problem] = Emulator::start(options);
    ASSERT_TRUE(emulator) << problem;
    EXPECT_TRUE(ask(emulator->port(), "GET", "/2015-03-31/functions/kept").starts_with("HTTP/1.1 404"))
        << "a reset lasts";
  }
  std::filesystem::remove_all(folder);
}

TEST(Emulator, VerifiesSignaturesWhenItHasKeys) {
  EmulatorOptions options = quiet();
  options.access_key = {"id:secret"};
  auto [emulator, problem] = Emulator::start(options);
  ASSERT_TRUE(emulator) << problem;
  EXPECT_TRUE(ask(emulator->port(), "GET", "/2015-03-31/functions").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(emulator->port(), "GET", "/_aviary/health").starts_with("HTTP/1.1 200"));
}

TEST(Emulator, RefusesWebPages) {
  auto [emulator, problem] = Emulator::start(quiet());
  ASSERT_TRUE(emulator) << problem;
  EXPECT_TRUE(ask(emulator->port(), "POST", "/_aviary/reset", {}, "Origin: https://evil.example.com\r\n")
                  .starts_with("HTTP/1.1 403"));
}

TEST(Emulator, LeavesNoDescriptorBehind) {
  const auto open_descriptors = [] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
  };
  { auto warm = Emulator::start(quiet()); }
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) {
    auto [emulator, problem] = Emulator::start(quiet());
    ASSERT_TRUE(emulator) << problem;
    ask(emulator->port(), "POST", "/2015-03-31/functions", new_function("f"));
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace aviary
