/* How long a command takes from exec to its first line on standard output, in microseconds, one number a run.
 *
 *   ready RUNS COMMAND [ARGUMENT...]
 *
 * The command is ended by SIGTERM after its line; that it then ends is waited for, so that runs do not overlap.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Apart from the loop around it: after vfork, variables of the caller's frame may be lost. */
static pid_t start(char **command, int line[2]) {
  const pid_t child = vfork();
  if (child == 0) {
    dup2(line[1], STDOUT_FILENO);
    close(line[0]);
    close(line[1]);
    execvp(command[0], command);
    _exit(127);
  }
  return child;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  for (int run = atoi(argv[1]); run > 0; --run) {
    int line[2];
    if (pipe(line) != 0) return 1;
    const double began = microseconds();
    const pid_t child = start(argv + 2, line);
    if (child < 0) return 1;
    close(line[1]);
    char c = '\0';
    while (c != '\n')
      if (read(line[0], &c, 1) != 1) {
        fprintf(stderr, "%s ended without a line\n", argv[2]);
        return 1;
      }
    printf("%.0f\n", microseconds() - began);
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    close(line[0]);
  }
  return 0;
}
