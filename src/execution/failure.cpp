#include "execution/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/json.hpp"

namespace aviary::execution {
namespace {

struct SignalName {
  int number;
  std::string_view name;
};

// Go's syscall package for linux/amd64: Lambda's messages come from a Go program.
constexpr std::array signal_names{
    SignalName{SIGHUP, "hangup"},
    SignalName{SIGINT, "interrupt"},
    SignalName{SIGQUIT, "quit"},
    SignalName{SIGILL, "illegal instruction"},
    SignalName{SIGTRAP, "trace/breakpoint trap"},
    SignalName{SIGABRT, "aborted"},
    SignalName{SIGBUS, "bus error"},
    SignalName{SIGFPE, "floating point exception"},
    SignalName{SIGKILL, "killed"},
    SignalName{SIGUSR1, "user defined signal 1"},
    SignalName{SIGSEGV, "segmentation fault"},
    SignalName{SIGUSR2, "user defined signal 2"},
    SignalName{SIGPIPE, "broken pipe"},
    SignalName{SIGALRM, "alarm clock"},
    SignalName{SIGTERM, "terminated"},
    SignalName{SIGSTKFLT, "stack fault"},
    SignalName{SIGCHLD, "child exited"},
    SignalName{SIGCONT, "continued"},
    SignalName{SIGSTOP, "stopped (signal)"},
    SignalName{SIGTSTP, "stopped"},
    SignalName{SIGTTIN, "stopped (tty input)"},
    SignalName{SIGTTOU, "stopped (tty output)"},
    SignalName{SIGURG, "urgent I/O condition"},
    SignalName{SIGXCPU, "CPU time limit exceeded"},
    SignalName{SIGXFSZ, "file size limit exceeded"},
    SignalName{SIGVTALRM, "virtual timer expired"},
    SignalName{SIGPROF, "profiling timer expired"},
    SignalName{SIGWINCH, "window changed"},
    SignalName{SIGIO, "I/O possible"},
    SignalName{SIGPWR, "power failure"},
    SignalName{SIGSYS, "bad system call"},
};

std::string_view errno_text(int number) {
  switch (number) {
    case EACCES:
      return "permission denied";
    case EPERM:
      return "operation not permitted";
    case ENOEXEC:
      return "exec format error";
    case ENOENT:
      return "no such file or directory";
    case ELOOP:
      return "too many levels of symbolic links";
    case ENOTDIR:
      return "not a directory";
    case EISDIR:
      return "is a directory";
    case ENOMEM:
      return "cannot allocate memory";
    case E2BIG:
      return "argument list too long";
    case ETXTBSY:
      return "text file busy";
    default:
      return {};
  }
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool capital(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::string signal_name(int signal) {
  for (const SignalName& known : signal_names)
    if (known.number == signal) return std::string(known.name);
  return fmt::format("signal {}", signal);
}

Failure timed_out(std::chrono::seconds limit) {
  return {InvocationEnd::Timeout, "Sandbox.Timedout",
          fmt::format("Task timed out after {:.2f} seconds", static_cast<double>(limit.count()))};
}

Failure exited(const ExitStatus& status) {
  if (status.out_of_memory)
    return {InvocationEnd::Failure, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"};
  if (status.signal != 0)
    return {InvocationEnd::Failure, "Runtime.ExitError",
            "Runtime exited with error: signal: " + signal_name(status.signal)};
  if (status.code == 0)
    return {InvocationEnd::Failure, "Runtime.ExitError", "Runtime exited without providing a reason"};
  return {InvocationEnd::Failure, "Runtime.ExitError",
          fmt::format("Runtime exited with error: exit status {}", status.code)};
}

Failure extension_exited(const ExitStatus& status) {
  if (status.signal != 0)
    return {InvocationEnd::Failure, "Extension.Crash", "signal: " + signal_name(status.signal)};
  return {InvocationEnd::Failure, "Extension.Crash",
          fmt::format("{} {}", status.code == 0 ? "exit code" : "exit status", status.code)};
}

Failure extension_not_started(std::string_view name, int error_number) {
  const std::string_view known = errno_text(error_number);
  return {InvocationEnd::Failure, "Extension.LaunchError",
          known.empty() ? fmt::format("fork/exec /opt/extensions/{}: errno {}", name, error_number)
                        : fmt::format("fork/exec /opt/extensions/{}: {}", name, known)};
}

Failure no_bootstrap() {
  return {InvocationEnd::Failure, "Runtime.InvalidEntrypoint",
          "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"};
}

Failure not_executable(std::string_view path, int error_number) {
  const std::string_view known = errno_text(error_number);
  return {InvocationEnd::Failure, "Runtime.InvalidEntrypoint",
          known.empty() ? fmt::format("fork/exec {}: errno {}", path, error_number)
                        : fmt::format("fork/exec {}: {}", path, known)};
}

Failure no_working_directory(std::string_view path, int error_number) {
  const std::string_view known = errno_text(error_number);
  return {InvocationEnd::Failure, "Runtime.InvalidWorkingDir",
          known.empty() ? fmt::format("chdir {}: errno {}", path, error_number)
                        : fmt::format("chdir {}: {}", path, known)};
}

std::string failure_payload(const Failure& failure, std::string_view request_id) {
  if (failure.posted) return failure.posted_payload;
  OrderedJson payload;
  payload["errorType"] = failure.type;
  payload["errorMessage"] = fmt::format("RequestId: {} Error: {}", request_id, failure.message);
  return payload.dump();
}

std::string response_too_large_payload() {
  return fmt::format(
      R"({{"errorMessage":"Response payload size exceeded maximum allowed payload size ({} bytes).",)"
      R"("errorType":"Function.ResponseSizeTooLarge"}})",
      response_limit);
}

std::string accepted_error_type(std::string_view reported) {
  // AWS's own test is the unanchored expression (Runtime|Function)\.[A-Z][a-zA-Z]+ [runtime interface
  // emulator, fatalerror.go].
  for (const std::string_view family : {std::string_view{"Runtime."}, std::string_view{"Function."}}) {
    for (auto at = reported.find(family); at != std::string_view::npos; at = reported.find(family, at + 1)) {
      const std::string_view rest = reported.substr(at + family.size());
      if (rest.size() >= 2 && capital(rest[0]) && letter(rest[1])) return std::string(reported);
    }
  }
  return reported.starts_with("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

}  // namespace aviary::execution
