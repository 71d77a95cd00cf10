#pragma once

#include <stddef.h>
#include <stdint.h>

// A narrow door to libcurl's multi interface. Nothing of curl's own headers is shown here.

/// A set of transfers that one thread drives. Only `imflow_multi_wake` may be called from other threads.
typedef struct imflow_multi imflow_multi;

/// One HTTP exchange.
typedef struct imflow_transfer imflow_transfer;

/// How a transfer ended.
typedef enum {
    IMFLOW_DONE = 0,
    IMFLOW_CANNOT_CONNECT,
    IMFLOW_TIMED_OUT,
    IMFLOW_CLOSED,
    IMFLOW_TOO_LARGE,
    IMFLOW_STOPPED,
    IMFLOW_TOO_MANY_REDIRECTS,
    /// A redirect leads to a scheme that is not followed.
    IMFLOW_BAD_SCHEME,
    /// Every address of the host is one that `imflow_allow` refuses.
    IMFLOW_REFUSED,
    IMFLOW_OTHER,
} imflow_outcome;

/// Takes received bytes; answers how many it took. Fewer than `count`: the transfer ends with `IMFLOW_STOPPED`.
typedef size_t (*imflow_receive)(void *context, const uint8_t *bytes, size_t count);

/// Whether a connection to the address may be made: 4 bytes (IPv4) or 16 (IPv6), in network order. 0: it may not.
typedef int (*imflow_allow)(void *context, const uint8_t *address, size_t count);

/// Limits of one transfer; 0 means none.
typedef struct {
    int64_t connect_milliseconds;
    int64_t total_milliseconds;
    /// A transfer that moves no byte for so long has timed out.
    int64_t stall_seconds;
    int64_t body_bytes;
    /// 0: redirects are answers like others.
    int64_t redirects;
} imflow_limits;

/// Null when memory ran out or libcurl cannot start. Keeps up to `connections` idle connections.
imflow_multi *imflow_multi_create(int64_t connections);
/// No transfer may be in it any more.
void imflow_multi_destroy(imflow_multi *multi);
/// 0 when the transfer runs from now on.
int imflow_multi_add(imflow_multi *multi, imflow_transfer *transfer);
void imflow_multi_remove(imflow_multi *multi, imflow_transfer *transfer);
/// Does what can be done without waiting. 0 when fine.
int imflow_multi_perform(imflow_multi *multi);
/// Waits for something to do, a wake-up, or the end of the time.
void imflow_multi_poll(imflow_multi *multi, int milliseconds);
/// From any thread: the running or the next poll returns at once.
void imflow_multi_wake(imflow_multi *multi);
/// The context of a transfer that has ended, which stays in the set until it is removed; null when there is none.
void *imflow_multi_next_ended(imflow_multi *multi, imflow_outcome *outcome);

/// Null when memory ran out. `context` is handed to both functions, which are called by the multi's thread.
imflow_transfer *imflow_transfer_create(void *context, imflow_receive on_header_line, imflow_receive on_body);
void imflow_transfer_destroy(imflow_transfer *transfer);
/// Each answers 0 when fine. Everything is copied.
int imflow_transfer_set_target(imflow_transfer *transfer, const char *url, const char *unix_socket);
/// Who may answer: paths of PEM files of the authority that vouches for the server, of our certificate and its key. Null
/// are the system's authorities, and no certificate of ours. No proxy is between.
int imflow_transfer_set_certificates(
    imflow_transfer *transfer, const char *authority, const char *certificate, const char *key);
int imflow_transfer_set_method(imflow_transfer *transfer, const char *method);
int imflow_transfer_set_body(imflow_transfer *transfer, const char *method, const uint8_t *bytes, size_t count);
/// Fills `bytes` with up to `count` bytes of a request's body and answers how many; 0: that was all; -1: give up.
typedef int64_t (*imflow_supply)(void *context, uint8_t *bytes, size_t count);
/// The body is what `supply` makes, of a length that nobody knows before; called by the multi's thread.
int imflow_transfer_set_supply(imflow_transfer *transfer, const char *method, imflow_supply supply);
int imflow_transfer_add_header(imflow_transfer *transfer, const char *line);
/// The body is one file in a form (RFC 7578): that at `path`, read while it is sent, or `count` bytes when `path` is null.
int imflow_transfer_set_form(
    imflow_transfer *transfer, const char *field, const char *file_name, const char *path, const uint8_t *bytes,
    size_t count);
/// Every new connection is asked for first, with the address that it would go to, those of redirects too.
int imflow_transfer_set_guard(imflow_transfer *transfer, imflow_allow allow);
/// Connections go to networks that this machine is in, past every gateway and proxy.
int imflow_transfer_set_direct(imflow_transfer *transfer);
/// Signs by AWS Signature Version 4; `scope` is `aws:amz:REGION:SERVICE`.
int imflow_transfer_set_signing(imflow_transfer *transfer, const char *scope, const char *key, const char *secret);
int imflow_transfer_set_limits(imflow_transfer *transfer, imflow_limits limits);
/// The next run uses a new connection, none from the pool.
void imflow_transfer_use_new_connection(imflow_transfer *transfer);
/// 1 when the transfer ran on a kept-alive connection.
int imflow_transfer_reused_connection(imflow_transfer *transfer);
/// 1 when a connection was made and the request could be sent.
int imflow_transfer_was_connected(imflow_transfer *transfer);
/// The first address that was refused, as text; empty when none was.
const char *imflow_transfer_refused_address(imflow_transfer *transfer);
/// What went wrong, for people; valid until the transfer is destroyed.
const char *imflow_transfer_message(imflow_transfer *transfer, imflow_outcome outcome);

/// One connection over TCP, or TLS where the URL says https, that carries bytes both ways. Used by one thread.
typedef struct imflow_line imflow_line;

/// 0: give up connecting. Asked about once a second.
typedef int (*imflow_go_on)(void *context);

/// Null when memory ran out or libcurl cannot start.
imflow_line *imflow_line_create(void);
void imflow_line_destroy(imflow_line *line);
/// As `imflow_transfer_set_certificates`.
int imflow_line_set_certificates(
    imflow_line *line, const char *authority, const char *certificate, const char *key);
/// Waits until the connection stands.
imflow_outcome imflow_line_connect(
    imflow_line *line, const char *url, int64_t milliseconds, void *context, imflow_go_on go_on);
/// -1 before it is connected.
int imflow_line_descriptor(imflow_line *line);
/// How many bytes moved; 0 of what was received: the other side sends no more; -1: not now; -2: the connection is broken.
/// Neither waits. Received bytes may be ready though the descriptor has none: receive until it answers -1.
int64_t imflow_line_send(imflow_line *line, const void *bytes, size_t count);
int64_t imflow_line_receive(imflow_line *line, void *bytes, size_t count);
/// The other side is told that no more comes, and may still send. 0: done; -1: not now; -2: it cannot be.
int imflow_line_end_sending(imflow_line *line);
/// As `imflow_transfer_message`.
const char *imflow_line_message(imflow_line *line);
