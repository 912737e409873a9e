/* The plug-in that GNU make loads: it starts a recorder while make reads its makefile, and sends it make's end.
 *
 * make must not notice. No descriptor and no child stays, no variable, signal or working directory changes, and every
 * failure here means that the call is not recorded. The recorder's socket is bound to an address made of the process:
 * a make that starts itself anew (execve) finds its recorder there, so it is one run with one end.
 * Built by build.py, linked with -z nodelete: make unloads plug-ins before it exits. */
#define _GNU_SOURCE /* on_exit, vfork, sets of cores, the abstract address family of Linux */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  RECORDER_SOCKET = 3, /* the recorder's only descriptor beside standard input, output and error */
  ABOVE_STANDARD = 10,
  LAST_DESCRIPTOR = 4096, /* where the kernel has no close_range */
  TEXT = 4096,            /* bytes of the folder, and of the goals, that are handed on */
  CONTAINER_WAIT_MS = 100
};

int plugin_is_GPL_compatible; /* Apache-2.0 is compatible with make's GPLv3 */
int devtel_gmk_setup(void);

/* Weak: a make that does not export them, or a libc without on_exit, is left alone rather than ended by the linker. */
extern void gmk_eval(const char *, const void *) __attribute__((weak));
extern char *gmk_expand(const char *) __attribute__((weak));
extern void gmk_free(char *) __attribute__((weak));
extern int on_exit(void (*)(int, void *), void *) __attribute__((weak));
extern char **environ;

static pid_t make_pid; /* a child of make that ends by exit() is not this process */
static struct sockaddr_un address;
static cpu_set_t core, cores, others; /* make's core, all that it may use, and those without its own */

static double now(void) {
  struct timespec t;
  return clock_gettime(CLOCK_MONOTONIC, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(const struct rusage *used) {
  return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
         (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

/* The recorder's address. Unique while the process lives: its number repeats in other PID namespaces only, which have a
   /proc of their own. (To ask for the namespace itself takes ten times as long.) */
static void set_address(void) {
  struct stat proc;
  if (stat("/proc", &proc)) proc.st_dev = 0;
  address.sun_family = AF_UNIX; /* the first byte of the path stays 0: an abstract address, no file */
  snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "devtel/%ld/%llu/%ld", (long)geteuid(),
           (unsigned long long)proc.st_dev, (long)make_pid);
}

/* As process 1 of a container, make takes every other process down with it: give the recorder a moment to finish. */
static void wait_for_recorder(int channel) {
  for (int ms = 0; ms < CONTAINER_WAIT_MS && !connect(channel, (void *)&address, sizeof address); ms++)
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* make's end, by on_exit: its status, moment, CPU time and peak memory, in one message that never waits. */
static void send_end(int status, void *unused) {
  (void)unused;
  if (getpid() != make_pid) return;
  /* make closes standard output after this, and ends with 1 where that fails. */
  if (fcntl(STDOUT_FILENO, F_GETFD) >= 0 && (fflush(stdout) || ferror(stdout))) status = EXIT_FAILURE;
  struct rusage own, children;
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  char text[128];
  /* The peak is the children's: make's own includes what its parent used before execve, and start()'s child, which
     shared make's memory, is one of the children. */
  int n = snprintf(text, sizeof text, "end %d %.6f %.6f %ld", status, now(), cpu(&own) + cpu(&children),
                   children.ru_maxrss);
  int channel = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ssize_t sent = sendto(channel, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL, (void *)&address, sizeof address);
  if (sent == n && make_pid == 1) wait_for_recorder(channel);
  close(channel);
}

/* In a child of vfork, which shares make's memory: system calls only, and all signals blocked, since make's handlers
   must not run here. The recorder unblocks them, and opens the null device: to this socket, nothing can be written. */
static void become_recorder(int channel, char **command) {
  /* First out of the way of what is overwritten; the copies lose close-on-exec. "/" keeps no file system busy. */
  if ((channel = fcntl(channel, F_DUPFD, ABOVE_STANDARD)) < 0 || chdir("/")) _exit(126);
  for (int fd = 0; fd <= RECORDER_SOCKET; fd++)
    if (dup2(channel, fd) < 0) _exit(126);
  if (syscall(436 /* close_range, everywhere */, RECORDER_SOCKET + 1U, ~0U, 0U))
    for (int fd = RECORDER_SOCKET + 1; fd < LAST_DESCRIPTOR; fd++) close(fd);
  execve(command[0], command, environ);
  _exit(127);
}

/* Keep make on its core: the processes it starts are there too, and make waits for no other core to wake up or to have
   time. Returns whether it is held. */
static int hold_core(void) {
  CPU_SET((size_t)sched_getcpu(), &core);
  if (sched_getaffinity(0, sizeof cores, &cores)) return 0;
  CPU_XOR(&others, &cores, &core);
  return !sched_setaffinity(0, sizeof core, &core);
}

/* Give make its cores back: all that there can be, so that it follows a later change of its cpuset as ever. Where that
   makes more than before, a user had chosen some (taskset). */
static void release_core(void) {
  cpu_set_t every, now;
  memset(&every, 0xff, sizeof every);
  if (sched_setaffinity(0, sizeof every, &every) || sched_getaffinity(0, sizeof now, &now) || !CPU_EQUAL(&now, &cores))
    sched_setaffinity(0, sizeof cores, &cores);
}

/* Start the recorder by a process between that ends at once: it never is make's child. It leaves make's session itself:
   a new session here is a new group of Linux' scheduler (autogroup), whose turn make would wait for. */
static void start(int channel, char **command) {
  sigset_t all, before, pending, child;
  sigfillset(&all);
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &all, &before);
  sigpending(&pending);
  volatile const int held = hold_core(); /* as vfork returns twice, no register may hold it */
  pid_t between = vfork();
  if (between == 0) {
    pid_t recorder = vfork();
    if (recorder == 0) become_recorder(channel, command);
    if (held && !sched_setaffinity(recorder, sizeof others, &others)) /* out of make's way at once */
      sched_setaffinity(recorder, sizeof cores, &cores);
    _exit(0);
  }
  if (between > 0) {
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR) {}
    if (!sigismember(&pending, SIGCHLD)) sigtimedwait(&child, NULL, &(struct timespec){0, 0}); /* make counts them */
  }
  if (held) release_core();
  sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Whether this very program was tried: its path, size and time stand in the list. Where it was called by a whole path,
   /proc is not asked: the kernel would make the folder of this process for that. */
static int was_tried(const char *makes) {
  const char *called = (const char *)getauxval(AT_EXECFN);
  char path[PATH_MAX], entry[PATH_MAX + 64];
  struct stat program;
  if (!realpath(called && *called == '/' ? called : "/proc/self/exe", path) || stat(path, &program)) return 0;
  snprintf(entry, sizeof entry, "|%s|%lld:%lld.%09ld|", path, (long long)program.st_size,
           (long long)program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
  return strstr(makes, entry) != NULL;
}

/* Bind the recorder's socket, put the first message into it, and start the recorder. The folder and the goals go by
   the message: a recipe's `pkill -f NAME` does not find the recorder by them, and no argument is too long. */
static void record(const char *goals, char *python, char *program) {
  char text[2 * TEXT + 64], folder[TEXT], pid[24];
  make_pid = getpid();
  set_address();
  int channel = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (getcwd(folder, sizeof folder) &&
      !setsockopt(channel, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int))) { /* the recorder checks the sender */
    int n = snprintf(text, sizeof text, "began %.6f%c%s%c%.*s", now(), 0, folder, 0, TEXT, goals);
    snprintf(pid, sizeof pid, "%ld", (long)make_pid);
    if (bind(channel, (void *)&address, sizeof address)) {
      if (errno == EADDRINUSE) on_exit(send_end, NULL); /* make started itself anew: its recorder waits */
    } else if (sendto(channel, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL, (void *)&address, sizeof address) == n &&
               !on_exit(send_end, NULL))
      start(channel, (char *[]){python, "-I", "-S", program, "record-call", pid, NULL});
  }
  close(channel);
}

/* Called by make at `load`, with one or two arguments; none is used. -1: make must never try to remake the plug-in. */
int devtel_gmk_setup(void) {
  if (!gmk_eval || !gmk_expand || !gmk_free || make_pid == getpid()) return -1;
  const char *expressions[] = {"$(value devtel_makes)", "$(value devtel_plugin)", "$(value MAKECMDGOALS)",
                               "$(value devtel_python)", "$(value devtel_main)"};
  char *values[5];
  struct stat plugin;
  for (int i = 0; i < 5; i++) values[i] = gmk_expand(expressions[i]);
  if (!on_exit || !was_tried(values[0]))
    gmk_eval("override devtel_plain :=", NULL); /* GNUmakefile goes on to the wrapper */
  /* A plug-in of another user's state folder, which root can read, is not taken for one's own. A devtel that is gone is
     no devtel. A Python that is gone cannot become the recorder. */
  else if (!stat(values[1], &plugin) && plugin.st_uid == geteuid() && !access(values[4], R_OK))
    record(values[2], values[3], values[4]);
  for (int i = 0; i < 5; i++) gmk_free(values[i]);
  return -1;
}
