// Runs a command to its end and writes how long it took (seconds) and its peak memory (KiB) to a file:
//
//   meter FILE COMMAND [ARGUMENT...]
//
// A small program of its own, because the kernel counts what a process had in memory before it became the command:
// asked from Python, a command that needs less than the interpreter would seem to need as much. The exit code is the
// command's; 125 when it could not be measured.
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc < 3) return 125;
  const double begin = now();
  pid_t pid;
  if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0) return 125;
  int status;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) != pid) return 125;
  const double seconds = now() - begin;
  FILE *file = fopen(argv[1], "w");
  if (file == NULL || fprintf(file, "%.6f %ld\n", seconds, usage.ru_maxrss) < 0 || fclose(file) != 0) return 125;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
