#include <boost/asio/ip/tcp.hpp>

#include "host/connection_owner.hpp"
#include "host/machine_report.hpp"
#include "sandbox_fixture.hpp"

namespace aviary::host {
namespace {

using tcp = boost::asio::ip::tcp;

struct SandboxConnectionTest : SandboxTest {
  tcp::acceptor acceptor{io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};

  /// Connects from inside and waits for the connection.
  std::uint16_t connect(Sandbox& sandbox, Ran& ran, tcp::socket& accepted, bool from_child) {
    const std::string port = std::to_string(acceptor.local_endpoint().port());
    const std::string script = "import socket,time,os\n" +
                               std::string(from_child ? "os.fork() and time.sleep(60)\n" : "") +
                               "s=socket.create_connection(('127.0.0.1'," + port + "))\ntime.sleep(60)";
    EXPECT_TRUE(start(sandbox, {"/usr/bin/python3", "-S", "-c", script}, ran)) << ran.problem->step;
    bool done = false;
    acceptor.async_accept(accepted, [&done](boost::system::error_code error) { done = !error; });
    EXPECT_TRUE(until([&done] { return done; })) << ran.output;
    return accepted.remote_endpoint().port();
  }
};

TEST_F(SandboxConnectionTest, KnowsWhoseAConnectionIs) {
  const std::uint16_t local = acceptor.local_endpoint().port();
  const auto one = create();
  const auto two = create();
  Ran ran_one;
  Ran ran_two;
  tcp::socket from_one(io);
  tcp::socket from_two(io);
  const auto port_one = connect(*one, ran_one, from_one, false);
  const auto port_two = connect(*two, ran_two, from_two, true);
  EXPECT_TRUE(one->owns_connection(port_one, local));
  EXPECT_FALSE(one->owns_connection(port_two, local));
  EXPECT_TRUE(two->owns_connection(port_two, local));
  EXPECT_FALSE(two->owns_connection(port_one, local));
  // Neither one of ours nor one that is not there.
  tcp::socket mine(io);
  mine.connect(acceptor.local_endpoint());
  EXPECT_FALSE(one->owns_connection(mine.local_endpoint().port(), local));
  EXPECT_FALSE(one->owns_connection(1, local));
  one->kill();
  until([&] { return ran_one.exit.has_value(); });
  EXPECT_FALSE(one->owns_connection(port_one, local));
}

TEST_F(SandboxConnectionTest, AsksTheKernelExactly) {
  const std::uint16_t local = acceptor.local_endpoint().port();
  tcp::socket mine(io);
  mine.connect(acceptor.local_endpoint());
  const auto owner = connection_owner(mine.local_endpoint().port(), local);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->user, ::geteuid());
  EXPECT_TRUE(descends_with_socket(::getpid(), owner->inode));
  EXPECT_FALSE(connection_owner(local, 1));
}

TEST_F(SandboxConnectionTest, TheMachineIsDescribed) {
  const auto facts = await(launcher->prepare());
  ASSERT_TRUE(facts);
  const auto report = examine_machine(*facts);
  EXPECT_FALSE(report.kernel.empty());
  EXPECT_GT(report.memory_bytes, 64ULL << 20);
  EXPECT_GT(report.processors, 0U);
  EXPECT_EQ(report.findings.size(), 4U);
  EXPECT_EQ(report.findings.front().good, facts->isolation == Isolation::Namespaces);
}

}  // namespace
}  // namespace aviary::host
