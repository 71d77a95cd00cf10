#include "CVipsShim.h"
#include "LibVips.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// libvips draws a hundred libraries into a process, which costs every start more time than a short command takes. So it
// is not linked, but loaded when the first image is touched.
#define POINTER(result, name, parameters) result (*name) parameters;
static struct { LIB_FUNCTIONS(POINTER) } lib;

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
// Empty once libvips runs.
static char start_error[256] = "libvips was not started";

static void discard_log(const char *domain, int level, const char *message, void *data) {
    (void) domain, (void) level, (void) message, (void) data;
}

static bool load(void) {
    void *handle = dlopen("libvips.so.42", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        snprintf(start_error, sizeof start_error, "%s", reason != NULL ? reason : "libvips.so.42 cannot be loaded");
        return false;
    }
#define LOAD(result, name, parameters) \
    *(void **) &lib.name = dlsym(handle, #name); \
    if (lib.name == NULL) { \
        snprintf(start_error, sizeof start_error, "libvips.so.42 lacks %s: it is too old", #name); \
        return false; \
    }
    LIB_FUNCTIONS(LOAD)
    return true;
}

static void start(void) {
    if (!load()) return;
    // GLib would print warnings of decoders among the user's own output.
    lib.g_log_set_default_handler(discard_log, NULL);
    if (lib.vips_init("imflow") != 0) {
        snprintf(start_error, sizeof start_error, "libvips.so.42 does not start");
        return;
    }
    // Operations are never repeated here: a cache of them would only hold memory.
    lib.vips_cache_set_max(0);
    // Whoever calls already runs as many tasks as there are cores.
    lib.vips_concurrency_set(1);
    // Only decoders that libvips itself trusts with hostile files, and none that takes any text for an image.
    lib.vips_block_untrusted_set(1);
    lib.vips_operation_block_set("VipsForeignLoadMatrix", 1);
    start_error[0] = 0;
}

static bool started(void) {
    pthread_once(&start_once, start);
    return start_error[0] == 0;
}

const char *imflow_images_unavailable(void) { return started() ? NULL : start_error; }

static VipsImage *vips_image(const ImflowImage *image) { return (VipsImage *) image; }

ImflowImage *imflow_image_open(const char *path, bool sequential) {
    if (!started()) return NULL;
    VipsSource *source = lib.vips_source_new_from_file(path);
    if (source == NULL) return NULL;
    VipsImage *loaded = lib.vips_image_new_from_source(
        source, "", "access", sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM,
        "fail_on", VIPS_FAIL_ON_ERROR, NULL);
    lib.g_object_unref(source);
    if (loaded == NULL) return NULL;
    // Packed codings (LabQ, Radiance) become plain samples.
    VipsImage *plain = NULL;
    int status = lib.vips_image_decode(loaded, &plain);
    lib.g_object_unref(loaded);
    if (status != 0) return NULL;
    if (lib.vips_image_pio_input(plain) != 0) {
        lib.g_object_unref(plain);
        return NULL;
    }
    return (ImflowImage *) plain;
}

static int32_t color(VipsImage *image) {
    switch (lib.vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16: return IMFLOW_COLOR_GRAY;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_scRGB: return IMFLOW_COLOR_RGB;
    case VIPS_INTERPRETATION_CMYK: return IMFLOW_COLOR_CMYK;
    default: return lib.vips_image_get_bands(image) <= 2 ? IMFLOW_COLOR_GRAY : IMFLOW_COLOR_OTHER;
    }
}

static int integer(VipsImage *image, const char *name) {
    int value = 0;
    if (lib.vips_image_get_typeof(image, name) == LIB_TYPE_INT) lib.vips_image_get_int(image, name, &value);
    return value;
}

static bool streams(VipsImage *image) {
    const char *loader = "";
    if (lib.vips_image_get_typeof(image, "vips-loader") != 0) {
        if (lib.vips_image_get_string(image, "vips-loader", &loader) != 0) return false;
    }
    if (strncmp(loader, "tiff", 4) == 0) return true;
    if (strncmp(loader, "png", 3) != 0 && strncmp(loader, "jpeg", 4) != 0) return false;
    return integer(image, "interlaced") == 0 && integer(image, "jpeg-multiscan") == 0;
}

void imflow_image_header(const ImflowImage *image, ImflowImageHeader *header) {
    VipsImage *vips = vips_image(image);
    *header = (ImflowImageHeader) {
        .width = lib.vips_image_get_width(vips),
        .height = lib.vips_image_get_height(vips),
        .bands = lib.vips_image_get_bands(vips),
        .format = (int32_t) lib.vips_image_get_format(vips),
        .color = color(vips),
        .orientation = lib.vips_image_get_orientation(vips),
        .streams = streams(vips),
    };
}

bool imflow_image_read(
    ImflowImage *image, int32_t left, int32_t top, int32_t width, int32_t height, void *pixels, size_t stride) {
    VipsRegion *region = lib.vips_region_new(vips_image(image));
    if (region == NULL) return false;
    // A few rows at a time, so that they are not held three times over.
    char *target = pixels;
    int32_t rows = 16;
    for (int32_t y = 0; y < height; y += rows) {
        if (rows > height - y) rows = height - y;
        size_t size = 0;
        unsigned char *fetched = lib.vips_region_fetch(region, left, top + y, width, rows, &size);
        if (fetched == NULL) break;
        size_t row = size / (size_t) rows;
        for (int32_t index = 0; index < rows; index++, target += stride) memcpy(target, fetched + index * row, row);
        lib.g_free(fetched);
        if (y + rows == height) {
            lib.g_object_unref(region);
            return true;
        }
    }
    lib.g_object_unref(region);
    return false;
}

ImflowImage *imflow_image_resize(ImflowImage *image, int32_t width, int32_t height) {
    VipsImage *vips = vips_image(image);
    VipsImage *resized = NULL;
    double scale = (double) width / lib.vips_image_get_width(vips);
    double down = (double) height / lib.vips_image_get_height(vips);
    if (lib.vips_resize(vips, &resized, scale, "vscale", down, NULL) != 0) return NULL;
    return (ImflowImage *) resized;
}

void imflow_image_close(ImflowImage *image) { lib.g_object_unref(vips_image(image)); }

bool imflow_png_write(
    const void *pixels, int32_t width, int32_t height, int32_t bands, bool sixteen, int32_t compression,
    const char *path) {
    if (!started()) return false;
    size_t size = (size_t) width * (size_t) height * (size_t) bands * (sixteen ? 2 : 1);
    VipsImage *raw = lib.vips_image_new_from_memory(
        pixels, size, width, height, bands, sixteen ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
    if (raw == NULL) return false;
    int interpretation = bands < 3
        ? (sixteen ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W)
        : (sixteen ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB);
    VipsImage *colored = NULL;
    int status = lib.vips_copy(raw, &colored, "interpretation", interpretation, NULL);
    lib.g_object_unref(raw);
    if (status != 0) return false;
    status = lib.vips_pngsave(colored, path, "compression", compression, "strip", 1, NULL);
    lib.g_object_unref(colored);
    return status == 0;
}

bool imflow_png_convert(const char *source, int32_t compression, const char *path) {
    ImflowImage *image = imflow_image_open(source, true);
    if (image == NULL) return false;
    int status = lib.vips_pngsave(vips_image(image), path, "compression", compression, "strip", 1, NULL);
    imflow_image_close(image);
    return status == 0;
}

char *imflow_image_error(void) {
    if (!started()) return strdup(start_error);
    char *text = lib.vips_error_buffer_copy();
    char *copy = strdup(text != NULL ? text : "");
    lib.g_free(text);
    return copy;
}
