#include "CVipsShim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

static pthread_once_t start_once = PTHREAD_ONCE_INIT;
static int start_status = -1;

static void discard_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void) domain, (void) level, (void) message, (void) data;
}

static void start(void) {
    // GLib would print warnings of decoders among the user's own output.
    g_log_set_default_handler(discard_log, NULL);
    start_status = vips_init("imflow");
    if (start_status != 0) return;
    // Operations are never repeated here: a cache of them would only hold memory.
    vips_cache_set_max(0);
    // Whoever calls already runs as many tasks as there are cores.
    vips_concurrency_set(1);
    // Only decoders that libvips itself trusts with hostile files, and none that takes any text for an image.
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoadMatrix", TRUE);
}

static bool started(void) {
    pthread_once(&start_once, start);
    return start_status == 0;
}

static VipsImage *vips_image(const ImflowImage *image) { return (VipsImage *) image; }

ImflowImage *imflow_image_open(const char *path, bool sequential) {
    if (!started()) return NULL;
    VipsSource *source = vips_source_new_from_file(path);
    if (source == NULL) return NULL;
    VipsImage *loaded = vips_image_new_from_source(
        source, "", "access", sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM,
        "fail_on", VIPS_FAIL_ON_ERROR, NULL);
    g_object_unref(source);
    if (loaded == NULL) return NULL;
    // Packed codings (LabQ, Radiance) become plain samples.
    VipsImage *plain = NULL;
    int status = vips_image_decode(loaded, &plain);
    g_object_unref(loaded);
    if (status != 0) return NULL;
    if (vips_image_pio_input(plain) != 0) {
        g_object_unref(plain);
        return NULL;
    }
    return (ImflowImage *) plain;
}

static int32_t color(VipsImage *image) {
    switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16: return IMFLOW_COLOR_GRAY;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_scRGB: return IMFLOW_COLOR_RGB;
    case VIPS_INTERPRETATION_CMYK: return IMFLOW_COLOR_CMYK;
    default: return vips_image_get_bands(image) <= 2 ? IMFLOW_COLOR_GRAY : IMFLOW_COLOR_OTHER;
    }
}

static int integer(VipsImage *image, const char *name) {
    int value = 0;
    if (vips_image_get_typeof(image, name) == G_TYPE_INT) vips_image_get_int(image, name, &value);
    return value;
}

static bool streams(VipsImage *image) {
    const char *loader = "";
    if (vips_image_get_typeof(image, VIPS_META_LOADER) != 0) {
        if (vips_image_get_string(image, VIPS_META_LOADER, &loader) != 0) return false;
    }
    if (strncmp(loader, "tiff", 4) == 0) return true;
    if (strncmp(loader, "png", 3) != 0 && strncmp(loader, "jpeg", 4) != 0) return false;
    return integer(image, "interlaced") == 0 && integer(image, "jpeg-multiscan") == 0;
}

void imflow_image_header(const ImflowImage *image, ImflowImageHeader *header) {
    VipsImage *vips = vips_image(image);
    *header = (ImflowImageHeader) {
        .width = vips_image_get_width(vips),
        .height = vips_image_get_height(vips),
        .bands = vips_image_get_bands(vips),
        .format = (int32_t) vips_image_get_format(vips),
        .color = color(vips),
        .orientation = vips_image_get_orientation(vips),
        .streams = streams(vips),
    };
}

bool imflow_image_read(ImflowImage *image, int32_t left, int32_t top, int32_t width, int32_t height, void *pixels) {
    VipsImage *vips = vips_image(image);
    VipsRegion *region = vips_region_new(vips);
    if (region == NULL) return false;
    VipsRect area = { .left = left, .top = top, .width = width, .height = height };
    bool done = vips_region_prepare(region, &area) == 0;
    if (done) {
        size_t line = VIPS_IMAGE_SIZEOF_PEL(vips) * (size_t) width;
        for (int32_t y = 0; y < height; y++)
            memcpy((char *) pixels + (size_t) y * line, VIPS_REGION_ADDR(region, left, top + y), line);
    }
    g_object_unref(region);
    return done;
}

void imflow_image_close(ImflowImage *image) { g_object_unref(vips_image(image)); }

bool imflow_png_write(
    const void *pixels, int32_t width, int32_t height, int32_t bands, bool sixteen, int32_t compression,
    const char *path) {
    if (!started()) return false;
    size_t size = (size_t) width * (size_t) height * (size_t) bands * (sixteen ? 2 : 1);
    VipsImage *raw = vips_image_new_from_memory(
        pixels, size, width, height, bands, sixteen ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
    if (raw == NULL) return false;
    VipsInterpretation interpretation = bands < 3
        ? (sixteen ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W)
        : (sixteen ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB);
    VipsImage *colored = NULL;
    int status = vips_copy(raw, &colored, "interpretation", interpretation, NULL);
    g_object_unref(raw);
    if (status != 0) return false;
    status = vips_pngsave(colored, path, "compression", compression, "strip", TRUE, NULL);
    g_object_unref(colored);
    return status == 0;
}

char *imflow_image_error(void) {
    char *text = vips_error_buffer_copy();
    char *copy = strdup(text != NULL ? text : "");
    g_free(text);
    return copy;
}
