#define _GNU_SOURCE
#include "CSpawnShim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// The strings of a list as exec wants them; to be freed. NULL: out of memory.
static char **vector(const char *strings, size_t count) {
    char **list = malloc((count + 1) * sizeof *list);
    if (list == NULL) return NULL;
    for (size_t index = 0; index < count; index++) {
        list[index] = (char *)strings;
        strings += strlen(strings) + 1;
    }
    list[count] = NULL;
    return list;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, every;
    sigemptyset(&none);
    sigfillset(&every);
    int code = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (code == 0) code = posix_spawnattr_setpgroup(attributes, 0);
    if (code == 0) code = posix_spawnattr_setsigmask(attributes, &none);
    if (code == 0) code = posix_spawnattr_setsigdefault(attributes, &every);
    return code;
}

static int add_actions(posix_spawn_file_actions_t *actions, const imflow_spawn_order *order) {
    int code = posix_spawn_file_actions_adddup2(actions, order->input, STDIN_FILENO);
    if (code == 0) code = posix_spawn_file_actions_adddup2(actions, order->output, STDOUT_FILENO);
    if (code == 0) code = posix_spawn_file_actions_adddup2(actions, order->error, STDERR_FILENO);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (code == 0) code = posix_spawn_file_actions_addchdir_np(actions, order->folder);
    return code;
}

/// glibc's posix_spawn shares our memory until the program is there: its cost does not grow with ours.
static int start(const imflow_spawn_order *order, char **arguments, char **variables, pid_t *process) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int code = posix_spawnattr_init(&attributes);
    if (code != 0) return code;
    code = posix_spawn_file_actions_init(&actions);
    if (code == 0) {
        code = set_attributes(&attributes);
        if (code == 0) code = add_actions(&actions, order);
        if (code == 0) code = posix_spawn(process, order->program, &actions, &attributes, arguments, variables);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return code;
}

int imflow_spawn(const imflow_spawn_order *order, pid_t *process, int *ending) {
    char **arguments = vector(order->arguments, order->argument_count);
    char **variables = order->variables == NULL ? environ : vector(order->variables, order->variable_count);
    int code = ENOMEM;
    if (arguments != NULL && variables != NULL) code = start(order, arguments, variables, process);
    free(arguments);
    if (variables != environ) free(variables);
    if (code != 0) return code;
    // The program may have ended by now; nobody else waits for it, so its number is still its own.
    *ending = (int)syscall(SYS_pidfd_open, *process, 0);
    if (*ending >= 0) return 0;
    code = errno;
    kill(-*process, SIGKILL);
    while (waitpid(*process, NULL, 0) < 0 && errno == EINTR) {}
    return code;
}

int imflow_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }
