#include "CSndFileShim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

// What is called of libsndfile 1 (`libsndfile.so.1`), by its documented interface. It brings the decoders of five formats
// into a process, so it is not linked, but loaded when a recording is met that needs it.
typedef struct SNDFILE_tag SNDFILE;

typedef struct {
    int64_t frames;
    int samplerate;
    int channels;
    int format;
    int sections;
    int seekable;
} SF_INFO;

enum {
    SFM_READ = 0x10,
    SFC_SET_CLIPPING = 0x10C0,
    SF_TRUE = 1,
    SF_FORMAT_SUBMASK = 0x0000FFFF,
    SF_FORMAT_TYPEMASK = 0x0FFF0000,
    SF_FORMAT_PCM_24 = 0x0003,
    SF_FORMAT_PCM_32 = 0x0004,
    SF_FORMAT_FLOAT = 0x0006,
    SF_FORMAT_DOUBLE = 0x0007,
    SF_FORMAT_ALAC_24 = 0x0072,
    SF_FORMAT_ALAC_32 = 0x0073,
};

#define LIB_FUNCTIONS(F) \
    F(SNDFILE *, sf_open, (const char *, int, SF_INFO *)) \
    F(int, sf_close, (SNDFILE *)) \
    F(int, sf_command, (SNDFILE *, int, void *, int)) \
    F(int, sf_error, (SNDFILE *)) \
    F(const char *, sf_strerror, (SNDFILE *)) \
    F(int64_t, sf_readf_short, (SNDFILE *, short *, int64_t)) \
    F(int64_t, sf_readf_int, (SNDFILE *, int *, int64_t)) \
    F(int64_t, sf_readf_float, (SNDFILE *, float *, int64_t)) \
    F(int64_t, sf_readf_double, (SNDFILE *, double *, int64_t))

#define POINTER(result, name, parameters) result (*name) parameters;
static struct { LIB_FUNCTIONS(POINTER) } lib;

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
// Empty once libsndfile is there.
static char start_error[256] = "libsndfile was not loaded";

static void start(void) {
    void *handle = dlopen("libsndfile.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        snprintf(start_error, sizeof start_error, "%s", reason != NULL ? reason : "libsndfile.so.1 cannot be loaded");
        return;
    }
#define LOAD(result, name, parameters) \
    *(void **) &lib.name = dlsym(handle, #name); \
    if (lib.name == NULL) { \
        snprintf(start_error, sizeof start_error, "libsndfile.so.1 lacks %s: it is too old", #name); \
        return; \
    }
    LIB_FUNCTIONS(LOAD)
    start_error[0] = 0;
}

const char *imflow_sounds_unavailable(void) {
    pthread_once(&start_once, start);
    return start_error[0] == 0 ? NULL : start_error;
}

// Formats that say by their first bytes what they are, and that are one file.
static bool is_known(int format) {
    switch ((format & SF_FORMAT_TYPEMASK) >> 16) {
    case 0x01: // WAV
    case 0x02: // AIFF
    case 0x03: // AU
    case 0x0B: // W64
    case 0x13: // WAVEX
    case 0x17: // FLAC
    case 0x18: // CAF
    case 0x20: // Ogg: Vorbis, Opus
    case 0x22: // RF64
    case 0x23: // MPEG
        return true;
    default: return false;
    }
}

static int32_t sample(int format) {
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24: return IMFLOW_SAMPLE_24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32: return IMFLOW_SAMPLE_32;
    case SF_FORMAT_FLOAT: return IMFLOW_SAMPLE_FLOAT;
    case SF_FORMAT_DOUBLE: return IMFLOW_SAMPLE_DOUBLE;
    default: return IMFLOW_SAMPLE_16;
    }
}

ImflowSound *imflow_sound_open(const char *path, ImflowSoundHeader *header) {
    if (imflow_sounds_unavailable() != NULL) return NULL;
    SF_INFO info = {0};
    SNDFILE *file = lib.sf_open(path, SFM_READ, &info);
    if (file == NULL) return NULL;
    if (!is_known(info.format)) {
        lib.sf_close(file);
        return NULL;
    }
    // A decoder's sums may lie a little beyond what 16 bits hold.
    lib.sf_command(file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    *header = (ImflowSoundHeader) {
        .frames = info.frames, .rate = info.samplerate, .channels = info.channels, .sample = sample(info.format)};
    return (ImflowSound *) file;
}

int64_t imflow_sound_read(ImflowSound *sound, int32_t sample, void *samples, int64_t frames) {
    SNDFILE *file = (SNDFILE *) sound;
    switch (sample) {
    case IMFLOW_SAMPLE_16: return lib.sf_readf_short(file, samples, frames);
    case IMFLOW_SAMPLE_FLOAT: return lib.sf_readf_float(file, samples, frames);
    case IMFLOW_SAMPLE_DOUBLE: return lib.sf_readf_double(file, samples, frames);
    default: return lib.sf_readf_int(file, samples, frames);
    }
}

void imflow_sound_close(ImflowSound *sound) { lib.sf_close((SNDFILE *) sound); }

const char *imflow_sound_error(ImflowSound *sound) {
    const char *unavailable = imflow_sounds_unavailable();
    if (unavailable != NULL) return unavailable;
    if (sound != NULL && lib.sf_error((SNDFILE *) sound) == 0) return "";
    return lib.sf_strerror((SNDFILE *) sound);
}
