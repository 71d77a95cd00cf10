#pragma once

#include <stdbool.h>
#include <stdint.h>

/// What little of libsndfile imflow needs, without its headers: a recording is opened by its content, and read from its
/// beginning to its end. Every function may be called from any thread; one recording is used by one thread at a time.
/// libsndfile is loaded by the first call that needs it.

typedef struct ImflowSound ImflowSound;

/// NULL when recordings can be read; else why libsndfile cannot be loaded.
const char *imflow_sounds_unavailable(void);

/// What one sample is when it is read.
enum {
    /// int16_t
    IMFLOW_SAMPLE_16 = 0,
    /// int32_t, of which the upper 24 bits count
    IMFLOW_SAMPLE_24 = 1,
    /// int32_t
    IMFLOW_SAMPLE_32 = 2,
    /// float
    IMFLOW_SAMPLE_FLOAT = 3,
    /// double
    IMFLOW_SAMPLE_DOUBLE = 4,
};

typedef struct {
    /// Sample frames, as the file says.
    int64_t frames;
    int32_t rate;
    int32_t channels;
    int32_t sample;
} ImflowSoundHeader;

/// NULL when the file is no recording of a known kind: see `imflow_sound_error`.
ImflowSound *imflow_sound_open(const char *path, ImflowSoundHeader *header);

/// Reads up to so many sample frames, interleaved, of the header's kind. 0 at the end, and where damage begins, which
/// `imflow_sound_error` tells.
int64_t imflow_sound_read(ImflowSound *sound, int32_t sample, void *samples, int64_t frames);

void imflow_sound_close(ImflowSound *sound);

/// Why the recording, or with NULL the latest opening, failed; empty when it did not. Text of libsndfile, which stays.
const char *imflow_sound_error(ImflowSound *sound);
