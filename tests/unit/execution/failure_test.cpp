#include "execution/failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace aviary::execution {
namespace {

// Recorded from AWS on 2025-11-25 (time-outs) and in the same suite (exits); see the contract's table of
// payloads.
TEST(Failure, PayloadsHaveTheTypeFirst) {
  EXPECT_EQ(
      failure_payload(timed_out(std::chrono::seconds{1}), "id"),
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 1.00 seconds"})");
  EXPECT_EQ(
      failure_payload(exited(ExitStatus{0}), "id"),
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited without providing a reason"})");
  EXPECT_EQ(
      failure_payload(exited(ExitStatus{127}), "id"),
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: exit status 127"})");
  EXPECT_EQ(
      failure_payload(no_bootstrap(), "id"),
      R"({"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: id Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"})");
}

TEST(Failure, SignalsAreNamedAsGoNamesThem) {
  EXPECT_EQ(exited(ExitStatus{0, SIGKILL}).message, "Runtime exited with error: signal: killed");
  EXPECT_EQ(exited(ExitStatus{0, SIGSEGV}).message, "Runtime exited with error: signal: segmentation fault");
  EXPECT_EQ(exited(ExitStatus{0, SIGABRT}).message, "Runtime exited with error: signal: aborted");
  EXPECT_EQ(signal_name(64), "signal 64");
}

TEST(Failure, LackOfMemoryHasATypeOfItsOwn) {
  const Failure failure = exited(ExitStatus{0, SIGKILL, true});
  EXPECT_EQ(failure.type, "Runtime.OutOfMemory");
  EXPECT_EQ(failure.message, "Runtime exited with error: signal: killed");
}

TEST(Failure, RefusedExecsReadAsGoReportsThem) {
  EXPECT_EQ(not_executable("/var/task/bootstrap", EACCES).message,
            "fork/exec /var/task/bootstrap: permission denied");
  EXPECT_EQ(not_executable("/var/task/bootstrap", ENOEXEC).message,
            "fork/exec /var/task/bootstrap: exec format error");
}

// runtime interface emulator, fatalerror.go.
TEST(Failure, ReportedTypesAreFiltered) {
  EXPECT_EQ(accepted_error_type("Runtime.ImportModuleError"), "Runtime.ImportModuleError");
  EXPECT_EQ(accepted_error_type("Function.Mine"), "Function.Mine");
  EXPECT_EQ(accepted_error_type("Function.mine"), "Function.Unknown");
  EXPECT_EQ(accepted_error_type("Function<RuntimeError>"), "Runtime.Unknown");
  EXPECT_EQ(accepted_error_type("Exception"), "Runtime.Unknown");
  EXPECT_EQ(accepted_error_type(""), "Runtime.Unknown");
  EXPECT_EQ(accepted_error_type("Runtime.X"), "Runtime.Unknown") << "two letters at least";
}

}  // namespace
}  // namespace aviary::execution
