#include "spawner/execute.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "spawner/protocol.hpp"

namespace aviary::spawner {
namespace {

void set_limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

/// AWS's own limits (execution contract, section 5); those that it leaves unlimited are left alone.
void limit_resources(const Execution& what) {
  set_limit(RLIMIT_NOFILE, 1024, 1024);
  set_limit(RLIMIT_CORE, 0, 0);
  set_limit(RLIMIT_STACK, 8 << 20, RLIM_INFINITY);
  set_limit(RLIMIT_MEMLOCK, 64 << 10, 64 << 10);
  if (what.isolated)
    set_limit(RLIMIT_NPROC, static_cast<rlim_t>(what.processes), static_cast<rlim_t>(what.processes));
}

/// Gives up every right of the user namespace. Raw calls: the C library's would do it to "all threads".
bool become_the_function(const Execution& what) {
  if (::syscall(SYS_setgroups, 0, nullptr) != 0 && errno != EPERM) return false;
  if (::syscall(SYS_setresgid, what.gid, what.gid, what.gid) != 0) return false;
  if (::syscall(SYS_setresuid, what.uid, what.uid, what.uid) != 0) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

}  // namespace

void execute(Execution& what) {
  const auto fail = [&what](const char* step) {
    what.error_number = errno;
    what.step = step;
    ::_exit(127);
  };
  ::setsid();
  ::dup2(what.output, 1);
  ::dup2(what.output, 2);
  if (what.framed) ::dup2(what.output, telemetry_descriptor);
  // The sandbox's own: what this process has was opened outside.
  const int input = what.input >= 0 ? what.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input > 0) ::dup2(input, 0);
  limit_resources(what);
  if (what.isolated && !become_the_function(what)) fail("give up rights");
  if (!what.isolated) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::chdir(what.working_directory) != 0) fail("enter the working directory");
  // The first to go when memory runs short, in the sandbox or on the whole machine.
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0 && ::write(score, "300", 3) < 0) ::close(score);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(what.argv[0], what.argv, what.environment);
  const int error_number = errno;
  // The kernel says the same of a program that is not there and of one whose interpreter is not.
  const bool there = error_number == ENOENT && ::access(what.argv[0], F_OK) == 0;
  errno = error_number;
  fail(there ? "exec the interpreter" : "exec");
  ::_exit(127);
}

}  // namespace aviary::spawner
