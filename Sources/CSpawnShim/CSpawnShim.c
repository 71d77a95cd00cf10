#define _GNU_SOURCE
#include "CSpawnShim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

static int set_attributes(posix_spawnattr_t *attributes, int session) {
    sigset_t none, every;
    sigemptyset(&none);
    sigfillset(&every);
    // A session of its own is a group of its own, too.
    int own = session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
    int code = posix_spawnattr_setflags(attributes, (short)(own | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    if (code == 0 && !session) code = posix_spawnattr_setpgroup(attributes, 0);
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
        code = set_attributes(&attributes, order->session);
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

int imflow_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
}

int imflow_peer_is_own_user(int socket) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid();
}

/// Room for the descriptors of a message, laid out as the kernel wants it.
typedef union {
    char bytes[CMSG_SPACE(imflow_descriptor_limit * sizeof(int))];
    struct cmsghdr aligned;
} descriptor_room;

int imflow_send(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count) {
    descriptor_room room;
    if (descriptor_count > imflow_descriptor_limit) return EINVAL;
    while (count > 0) {
        struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        if (descriptor_count > 0) {
            memset(&room, 0, sizeof room);
            message.msg_control = room.bytes;
            message.msg_controllen = CMSG_SPACE(descriptor_count * sizeof(int));
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(descriptor_count * sizeof(int));
            memcpy(CMSG_DATA(header), descriptors, descriptor_count * sizeof(int));
        }
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno;
        bytes = (const char *)bytes + sent;
        count -= (size_t)sent;
        descriptor_count = 0;
    }
    return 0;
}

ssize_t imflow_receive(int socket, void *bytes, size_t count, int *descriptors, size_t *descriptor_count) {
    descriptor_room room;
    size_t limit = *descriptor_count;
    struct iovec piece = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room};
    ssize_t received;
    do { received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC); } while (received < 0 && errno == EINTR);
    *descriptor_count = 0;
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < came; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
            if (*descriptor_count < limit) descriptors[(*descriptor_count)++] = descriptor;
            else close(descriptor);
        }
    }
    return received;
}
