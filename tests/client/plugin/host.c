/* Loads the plug-in as make does, so that it can be run with sanitizers, and in states that a make hardly gets into.
   host LIBRARY MODE STATUS: loads, does what MODE says, and ends by exit(STATUS). The variables are in the environment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

char *gmk_expand(const char *expression);
void gmk_eval(const char *text, const void *place);
void gmk_free(char *text);

char *gmk_expand(const char *expression) {
  char name[64] = "";
  if (sscanf(expression, "$(value %63[^)])", name) != 1) abort();
  const char *value = getenv(name);
  return strdup(value ? value : "");
}

void gmk_free(char *text) { free(text); }

static int refused;

void gmk_eval(const char *text, const void *unused) {
  (void)unused;
  refused = !strcmp(text, "override devtel_plain :=");
}

static struct sockaddr_un address(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  struct stat proc;
  if (stat("/proc", &proc)) abort();
  snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "devtel/%ld/%llu/%ld", (long)geteuid(),
           (unsigned long long)proc.st_dev, (long)getpid());
  return name;
}

int main(int count, char **words) {
  if (count != 4) return 99;
  const char *mode = words[2];
  struct sockaddr_un name = address();
  int channel = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (!strcmp(mode, "taken") && bind(channel, (void *)&name, sizeof name)) return 98;
  void *library = dlopen(words[1], RTLD_LAZY | RTLD_GLOBAL);
  if (!library) return 97;
  int (*setup)(void);
  *(void **)&setup = dlsym(library, "devtel_gmk_setup");
  if (!setup || setup() != -1) return 96;
  if (!strcmp(mode, "untried") && !refused) return 91;
  if (!strcmp(mode, "twice") && setup() != -1) return 95;
  if (!strcmp(mode, "unload") && dlclose(library)) return 94;
  if (!strcmp(mode, "fork") && fork() == 0) exit(7);
  if (!strcmp(mode, "fork")) wait(NULL);
  if (!strcmp(mode, "full")) {
    while (sendto(channel, "x", 1, 0, (void *)&name, sizeof name) == 1) {}
    if (errno != EAGAIN) return 93;
  }
  if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) return 92; /* the recorder is no child */
  close(channel);
  exit(atoi(words[3]));
}
