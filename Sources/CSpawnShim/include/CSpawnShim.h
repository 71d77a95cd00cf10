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
} imflow_spawn_order;

/// Starts a program as the leader of a process group of its own, with no signal blocked, ignored or handled.
/// Answers 0, its number, and a descriptor that can be read from once it has ended (a pidfd); else an error number.
int imflow_spawn(const imflow_spawn_order *order, pid_t *process, int *ending);

/// Makes a pipe, of which programs that are started get neither end; ends[0] is to be read from. Answers 0 or an error
/// number.
int imflow_pipe(int ends[2]);
