#pragma once

#include <stddef.h>
#include <stdint.h>

/// What is called of libvips 8 (`libvips.so.42`) and of GLib under it, by their documented interface. Declared here,
/// not included, because a program that is linked with them loads a hundred libraries at every start; see CVipsShim.c.

typedef struct _VipsImage VipsImage;
typedef struct _VipsRegion VipsRegion;
typedef struct _VipsSource VipsSource;

enum {
    VIPS_ACCESS_RANDOM = 0,
    VIPS_ACCESS_SEQUENTIAL = 1,

    VIPS_FAIL_ON_ERROR = 2,

    VIPS_FORMAT_UCHAR = 0,
    VIPS_FORMAT_USHORT = 2,

    VIPS_INTERPRETATION_B_W = 1,
    VIPS_INTERPRETATION_CMYK = 15,
    VIPS_INTERPRETATION_RGB = 17,
    VIPS_INTERPRETATION_sRGB = 22,
    VIPS_INTERPRETATION_RGB16 = 25,
    VIPS_INTERPRETATION_GREY16 = 26,
    VIPS_INTERPRETATION_scRGB = 28,
};

/// `G_TYPE_INT`.
static const size_t LIB_TYPE_INT = 6 << 2;

typedef void (*LibLogHandler)(const char *domain, int level, const char *message, void *data);

/// F(result, name, parameters)
#define LIB_FUNCTIONS(F) \
    F(void, g_free, (void *)) \
    F(LibLogHandler, g_log_set_default_handler, (LibLogHandler, void *)) \
    F(void, g_object_unref, (void *)) \
    F(void, vips_block_untrusted_set, (int)) \
    F(void, vips_cache_set_max, (int)) \
    F(void, vips_concurrency_set, (int)) \
    F(int, vips_copy, (VipsImage *, VipsImage **, ...)) \
    F(char *, vips_error_buffer_copy, (void)) \
    F(int, vips_image_decode, (VipsImage *, VipsImage **)) \
    F(int, vips_image_get_bands, (const VipsImage *)) \
    F(int, vips_image_get_format, (const VipsImage *)) \
    F(int, vips_image_get_height, (const VipsImage *)) \
    F(int, vips_image_get_int, (const VipsImage *, const char *, int *)) \
    F(int, vips_image_get_interpretation, (const VipsImage *)) \
    F(int, vips_image_get_orientation, (VipsImage *)) \
    F(int, vips_image_get_string, (const VipsImage *, const char *, const char **)) \
    F(size_t, vips_image_get_typeof, (const VipsImage *, const char *)) \
    F(int, vips_image_get_width, (const VipsImage *)) \
    F(VipsImage *, vips_image_new_from_memory, (const void *, size_t, int, int, int, int)) \
    F(VipsImage *, vips_image_new_from_source, (VipsSource *, const char *, ...)) \
    F(int, vips_image_pio_input, (VipsImage *)) \
    F(int, vips_init, (const char *)) \
    F(void, vips_operation_block_set, (const char *, int)) \
    F(int, vips_pngsave, (VipsImage *, const char *, ...)) \
    F(unsigned char *, vips_region_fetch, (VipsRegion *, int, int, int, int, size_t *)) \
    F(VipsRegion *, vips_region_new, (VipsImage *)) \
    F(int, vips_resize, (VipsImage *, VipsImage **, double, ...)) \
    F(VipsSource *, vips_source_new_from_file, (const char *))
