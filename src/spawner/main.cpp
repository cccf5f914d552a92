// The spawner program. The server starts it with its end of the socket as descriptor 3.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawner/spawner.hpp"

int main() {
  // The terminal's Ctrl-C is for the server, which tells us in good order by closing the socket.
  ::setsid();
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::sigaction(signal, &ignore, nullptr);
  ::umask(022);
  // A socket for each sandbox; what runs inside gets a limit of its own.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::prctl(PR_SET_NAME, "aviary-spawner");
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  aviary::spawner::Spawner(3).run();
}
