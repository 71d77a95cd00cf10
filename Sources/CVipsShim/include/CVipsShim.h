#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What little of libvips imflow needs, without its headers: an image is opened, looked at, read by rectangles of raw
/// pixels, and closed; raw pixels are written as PNG. Every function may be called from any thread; one image is
/// used by one thread at a time. libvips is loaded and started by the first call that needs it.

typedef struct ImflowImage ImflowImage;

/// NULL when images can be read and written; else why libvips cannot be loaded.
const char *imflow_images_unavailable(void);

/// How the samples of an image are coloured.
enum {
    IMFLOW_COLOR_GRAY = 0,
    IMFLOW_COLOR_RGB = 1,
    IMFLOW_COLOR_CMYK = 2,
    IMFLOW_COLOR_OTHER = 3,
};

typedef struct {
    int32_t width;
    int32_t height;
    int32_t bands;
    /// 0 uint8, 1 int8, 2 uint16, 3 int16, 4 uint32, 5 int32, 6 float32, 7 complex64, 8 float64, 9 complex128.
    int32_t format;
    int32_t color;
    /// EXIF orientation, 1 to 8; 1 also when the image has none.
    int32_t orientation;
    /// The decoder hands rows out as it reads them, so that the image is never whole in memory.
    bool streams;
} ImflowImageHeader;

/// Opens the first page of an image file by its content, whatever its name. With `sequential` it must be read from
/// top to bottom. NULL: see `imflow_image_error`.
ImflowImage *imflow_image_open(const char *path, bool sequential);

void imflow_image_header(const ImflowImage *image, ImflowImageHeader *header);

/// Decodes a rectangle, which must lie within the image, to interleaved rows that begin `stride` bytes apart. False: see
/// `imflow_image_error`; damaged and truncated files fail here.
bool imflow_image_read(
    ImflowImage *image, int32_t left, int32_t top, int32_t width, int32_t height, void *pixels, size_t stride);

/// The image in another size, computed as it is read from top to bottom; closed apart from `image`. NULL: see
/// `imflow_image_error`.
ImflowImage *imflow_image_resize(ImflowImage *image, int32_t width, int32_t height);

void imflow_image_close(ImflowImage *image);

/// Writes 8 or 16 bit samples of 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha) bands as a PNG without metadata.
bool imflow_png_write(
    const void *pixels, int32_t width, int32_t height, int32_t bands, bool sixteen, int32_t compression,
    const char *path);

/// Writes an image file of 8 or 16 bit samples of 1 to 4 bands as a PNG without metadata, row by row.
bool imflow_png_convert(const char *source, int32_t compression, const char *path);

/// Why the latest call failed: text of libvips, to be freed by the caller; may be empty when calls fail on several
/// threads at once.
char *imflow_image_error(void);
