#include "sandbox_fixture.hpp"

namespace aviary::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What a function sees: ../shared facts as recorded on Lambda (execution contract, section 5).
struct SandboxWorldTest : SandboxTest {
  void SetUp() override {
    SandboxTest::SetUp();
    if (!isolated()) GTEST_SKIP() << "no namespaces here: " << launcher->facts().refusal;
  }
};

TEST_F(SandboxWorldTest, RunsAsTheSandboxUser) {
  EXPECT_EQ(shell("whoami; id -u; id -g; hostname; pwd"),
            "sbx_user1051\n993\n990\n169-254-10-1\n/var/task\n");
}

TEST_F(SandboxWorldTest, ShowsNothingElseOfTheHost) {
  const std::string root = shell("ls -A /");
  EXPECT_THAT(root, AllOf(HasSubstr("usr"), HasSubstr("var"), HasSubstr("lambda-entrypoint.sh")));
  for (const char* absent : {"home", "root", "work", "sys", "run", "mnt", "srv", "boot"})
    EXPECT_THAT(root, Not(HasSubstr(std::string(absent) + "\n"))) << absent;
  EXPECT_EQ(shell("ls -A /var /tmp /opt | tr '\\n' ' '"), "/opt:  /tmp:  /var: runtime task ");
  EXPECT_EQ(shell("ls /dev | tr '\\n' ' '"), "fd full null random stderr stdin stdout urandom zero ");
  EXPECT_EQ(shell("ls /etc/shadow /etc/ssl/private " + folder.string() + " 2>&1 | grep -c 'No such file'"),
            "3\n");
  // Only our own processes are there.
  EXPECT_EQ(shell("echo /proc/[0-9]*"), "/proc/1 /proc/2\n");
}

TEST_F(SandboxWorldTest, CodeIsThereAndReadOnly) {
  write("code/bin/tool", "#!/bin/sh\necho tool\n", 0755);
  EXPECT_EQ(shell("/var/task/bin/tool; touch /var/task/x 2>&1; stat -c %A /var/task"),
            "tool\ntouch: cannot touch '/var/task/x': Read-only file system\ndrwxr-xr-x\n");
  EXPECT_THAT(shell("touch /x /usr/x /etc/x /opt/x /var/runtime/x /dev/x /var/x 2>&1 | grep -c 'Read-only'"),
              "7\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "code/x"));
}

TEST_F(SandboxWorldTest, TmpIsWritableAndOutlivesTheProcess) {
  const auto sandbox = create();
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(shell(*sandbox, "stat -c %A /tmp; echo kept > /tmp/file && cat /tmp/file").output,
            "drwxrwxrwt\nkept\n");
  EXPECT_EQ(shell(*sandbox, "cat /tmp/file").output, "kept\n");
  EXPECT_EQ(shell("ls /tmp"), "");  // another's
}

TEST_F(SandboxWorldTest, TmpHasItsSize) {
  auto wanted = spec();
  wanted.tmp_bytes = 64ULL << 20;
  wanted.memory_bytes = 48ULL << 20;
  const auto sandbox = create(wanted);
  ASSERT_TRUE(sandbox);
  // Not charged to memory: 60 of 64 MiB fit although the function has 48.
  const Ran fits = shell(*sandbox, "head -c 60M /dev/zero > /tmp/a && echo fits");
  EXPECT_EQ(fits.output, "fits\n");
  if (launcher->facts().tmp != TmpKind::Folder) {
    EXPECT_THAT(
        shell(*sandbox, "head -c 60M /dev/zero > /tmp/b; rm /tmp/a; echo again > /tmp/c; cat /tmp/c").output,
        AllOf(HasSubstr("No space left on device"), HasSubstr("again")));
  }
}

TEST_F(SandboxWorldTest, ShIsBash) {
  EXPECT_THAT(shell("set -o pipefail; echo $BASH_VERSION"), ::testing::ContainsRegex("^[0-9]+\\."));
  EXPECT_EQ(shell("source /dev/null && echo ok"), "ok\n");
}

TEST_F(SandboxWorldTest, HasLambdasLimits) {
  EXPECT_EQ(shell("ulimit -Sn; ulimit -Hn; ulimit -v; ulimit -u"), "1024\n1024\nunlimited\n742\n");
}

TEST_F(SandboxWorldTest, ResolvesItsOwnNames) {
  EXPECT_THAT(shell("getent hosts sandbox.localdomain"), HasSubstr("127.0.0.1"));
  EXPECT_THAT(shell("getent hosts localhost"), Not(::testing::IsEmpty()));
}

TEST_F(SandboxWorldTest, HasNoRights) {
  EXPECT_THAT(shell("grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status"),
              AllOf(HasSubstr("CapPrm:\t0000000000000000"), HasSubstr("CapEff:\t0000000000000000"),
                    HasSubstr("NoNewPrivs:\t1")));
  EXPECT_THAT(
      shell("mount -t tmpfs x /tmp 2>&1; kill -9 1 2>/dev/null; cat /proc/1/environ 2>&1; echo alive"),
      AllOf(HasSubstr("/proc/1/environ: Permission denied"), HasSubstr("alive")));
  EXPECT_EQ(shell("ls /proc/self/fd | wc -l"), "4\n");  // 0, 1, 2 and that of ls itself
}

TEST_F(SandboxWorldTest, MergesLayersInOrder) {
  write("a/bin/tool", "from a", 0644);
  write("a/only-a", "a");
  write("b/bin/tool", "from b");
  write("b/only:b", "b");
  auto wanted = spec();
  wanted.layers = {folder / "a"};
  auto one = create(wanted);
  ASSERT_TRUE(one);
  EXPECT_EQ(shell(*one, "cat /opt/bin/tool /opt/only-a").output, "from aa");
  wanted.layers = {folder / "a", folder / "b"};
  auto both = create(wanted);
  ASSERT_TRUE(both);
  EXPECT_EQ(shell(*both, "cat /opt/bin/tool /opt/only-a /opt/only:b; touch /opt/x 2>&1").output,
            "from babtouch: cannot touch '/opt/x': Read-only file system\n");
}

TEST_F(SandboxWorldTest, ShowsFoldersOfInterpreters) {
  // Not below /tmp, which is the sandbox's own.
  char name[] = "/var/tmp/aviary-test-XXXXXX";
  const std::filesystem::path home = ::mkdtemp(name);
  ::chmod(home.c_str(), 0755);
  std::filesystem::create_directories(home / "lang/3.9/bin");
  std::filesystem::create_directories(home / "secret");
  const std::filesystem::path interpreter = home / "lang/3.9/bin/interpreter";
  std::ofstream(interpreter) << "#!/bin/sh\necho $0\n";
  ::chmod(interpreter.c_str(), 0755);
  LauncherOptions options;
  options.state_parent = folder / "state";
  options.folders = {home / "lang/3.9", "/usr/lib", "/nowhere"};
  launcher.reset();
  launcher = make_launcher(io.get_executor(), options);
  EXPECT_EQ(
      shell(interpreter.string() + "; ls -A " + home.string() + " " + (home / "lang").string()),
      interpreter.string() + "\n" + home.string() + ":\nlang\n\n" + (home / "lang").string() + ":\n3.9\n");
  std::filesystem::remove_all(home);
}

TEST_F(SandboxWorldTest, HasTheRuntimeClients) {
  EXPECT_EQ(shell("ls /var/runtime/python/bootstrap.py"), "/var/runtime/python/bootstrap.py\n");
}

}  // namespace
}  // namespace aviary::host
