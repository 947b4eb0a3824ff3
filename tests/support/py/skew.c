// Runs a command whose wall clock is wrong, as on a machine whose clock nobody has set:
//
//   skew FILE COMMAND [ARGUMENT...]
//
// FILE holds by how many seconds it is ahead, or behind (negative). It is read at every look at the clock, so the clock
// can also be set while the command runs. Clocks that only measure how long something takes are left alone.
//
// The command is traced: a library that is loaded before it (libfaketime) would not be, into a program without a dynamic
// linker. It is kept from the page on which the kernel shows the time, and its requests for the time are answered with
// another. The exit code is the command's; 125 when it could not be traced.
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT = 125 };

static const char *file;

static long seconds(void) {
  long out = 0;
  FILE *in = fopen(file, "r");
  if (in == NULL || fscanf(in, "%ld", &out) != 1) out = 0;
  if (in != NULL) fclose(in);
  return out;
}

// Whoever is traced stops where it asks for the time of day.
static int stop_at_the_clock(void) {
  const unsigned number = offsetof(struct seccomp_data, nr), clock = offsetof(struct seccomp_data, args[0]);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, clock),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME_COARSE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static long look(pid_t who, unsigned long at) {
  errno = 0;
  return ptrace(PTRACE_PEEKDATA, who, (void *)at, NULL);
}

// In what the kernel has just put on the stack of a new program: argc, argv, environment, then pairs of a kind and a value.
static void hide_the_page_of_the_clock(pid_t who) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, who, (void *)sizeof info, &info) <= 0) return;
  const unsigned long word = sizeof(long);
  unsigned long at = info.stack_pointer + (unsigned long)(look(who, info.stack_pointer) + 2) * word;
  while (look(who, at) != 0 && errno == 0) at += word;
  for (at += word; errno == 0; at += 2 * word) {
    const long kind = look(who, at);
    if (kind == AT_NULL) return;
    if (kind == AT_SYSINFO_EHDR) ptrace(PTRACE_POKEDATA, who, (void *)at, (void *)AT_IGNORE);
  }
}

// Where the time that it asks for will be written; 0: nowhere.
static unsigned long place(pid_t who) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, who, (void *)sizeof info, &info) <= 0) return 0;
  return (unsigned long)info.seccomp.args[info.seccomp.nr == SYS_gettimeofday ? 0 : 1];
}

// It has stopped before its request. Both forms of the answer begin with the seconds.
static void answer(pid_t who) {
  const unsigned long at = place(who);
  int status;
  ptrace(PTRACE_SYSCALL, who, NULL, NULL);
  if (waitpid(who, &status, __WALL) != who || !WIFSTOPPED(status) || at == 0) return;
  const long now = look(who, at);
  if (errno == 0) ptrace(PTRACE_POKEDATA, who, (void *)at, (void *)(now + seconds()));
}

// The signal that belongs to a stop, 0 for what only tracing brings.
static int signal_of(int status) {
  const int number = WSTOPSIG(status);
  return status >> 16 != 0 || number == SIGTRAP || number == SIGSTOP ? 0 : number;
}

int main(int argc, char **argv) {
  if (argc < 3) return CANNOT;
  file = argv[1];
  const pid_t command = fork();
  if (command == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(CANNOT);
    raise(SIGSTOP);
    if (!stop_at_the_clock()) _exit(CANNOT);
    execvp(argv[2], argv + 2);
    _exit(CANNOT);
  }
  int status;
  if (command < 0 || waitpid(command, &status, 0) != command || !WIFSTOPPED(status)) return CANNOT;
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
  if (ptrace(PTRACE_SETOPTIONS, command, NULL, options) != 0) return CANNOT;
  ptrace(PTRACE_CONT, command, NULL, NULL);
  for (;;) {
    const pid_t who = waitpid(-1, &status, __WALL);
    if (who < 0) return CANNOT;
    if (who == command && WIFEXITED(status)) return WEXITSTATUS(status);
    if (who == command && WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    if (status >> 16 == PTRACE_EVENT_EXEC) hide_the_page_of_the_clock(who);
    if (status >> 16 == PTRACE_EVENT_SECCOMP) answer(who);
    ptrace(PTRACE_CONT, who, NULL, (long)signal_of(status));
  }
}
