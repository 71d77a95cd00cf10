#pragma once

#include <stddef.h>
#include <sys/types.h>

// A narrow door to what Linux and glibc know of processes and Swift's Glibc does not show.

/// What is started. Lists are strings, each ended by a NUL, one after the other.
typedef struct {
    /// The path of the program.
    const char *program;
    /// Where it works.
    const char *folder;
    /// Its own name comes first.
    const char *arguments;
    size_t argument_count;
    /// `NAME=value`; null: ours.
    const char *variables;
    size_t variable_count;
    /// What become its descriptors 0, 1 and 2. It gets no others.
    int input;
    int output;
    int error;
    /// Not 0: it leads a session of its own, without a terminal; else only a process group.
    int session;
} imflow_spawn_order;

/// Starts a program as the leader of a process group of its own, with no signal blocked, ignored or handled.
/// Answers 0, its number, and a descriptor that can be read from once it has ended (a pidfd); else an error number.
int imflow_spawn(const imflow_spawn_order *order, pid_t *process, int *ending);

/// Makes a pipe, of which programs that are started get neither end; ends[0] is to be read from. Answers 0 or an error
/// number.
int imflow_pipe(int ends[2]);

/// The most descriptors that one message carries.
enum { imflow_descriptor_limit = 4 };

/// Makes two connected stream sockets, of which programs that are started get neither. Answers 0 or an error number.
int imflow_socket_pair(int ends[2]);

/// Whether who is at the other end of a unix socket connected, or listened, as this process's user.
int imflow_peer_is_own_user(int socket);

/// Sends all the bytes (one at least), and with the first of them up to imflow_descriptor_limit descriptors. Answers 0 or
/// an error number; a peer that is gone raises no signal.
int imflow_send(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count);

/// Receives some bytes, and what descriptors came with them: the caller's from then on, and no started program's.
/// `descriptor_count` is what `descriptors` has room for, and then how many came. Answers how many bytes, 0: the peer is
/// gone, or -1 with errno.
ssize_t imflow_receive(int socket, void *bytes, size_t count, int *descriptors, size_t *descriptor_count);
