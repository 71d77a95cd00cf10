#include "CCurlShim.h"

#include "Curl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct imflow_multi {
    CURLM *handle;
};

struct imflow_transfer {
    CURL *easy;
    struct curl_slist *headers;
    void *context;
    imflow_receive on_header_line;
    imflow_receive on_body;
    imflow_allow allow;
    imflow_supply supply;
    curl_mime *form;
    char refused[INET6_ADDRSTRLEN];
    CURLcode code;
    char message[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_code = CURLE_FAILED_INIT;

static void global_start(void) { global_code = curl_global_init(CURL_GLOBAL_DEFAULT); }

int imflow_curl_start(void) {
    pthread_once(&global_once, global_start);
    return global_code == CURLE_OK ? 0 : -1;
}

imflow_multi *imflow_multi_create(int64_t connections) {
    if (imflow_curl_start() != 0) return NULL;
    imflow_multi *multi = malloc(sizeof(*multi));
    if (!multi) return NULL;
    multi->handle = curl_multi_init();
    if (!multi->handle) {
        free(multi);
        return NULL;
    }
    curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)connections);
    curl_multi_setopt(multi->handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return multi;
}

void imflow_multi_destroy(imflow_multi *multi) {
    curl_multi_cleanup(multi->handle);
    free(multi);
}

int imflow_multi_add(imflow_multi *multi, imflow_transfer *transfer) {
    return curl_multi_add_handle(multi->handle, transfer->easy) == CURLM_OK ? 0 : -1;
}

void imflow_multi_remove(imflow_multi *multi, imflow_transfer *transfer) {
    curl_multi_remove_handle(multi->handle, transfer->easy);
}

int imflow_multi_perform(imflow_multi *multi) {
    int running = 0;
    return curl_multi_perform(multi->handle, &running) == CURLM_OK ? 0 : -1;
}

void imflow_multi_poll(imflow_multi *multi, int milliseconds) {
    curl_multi_poll(multi->handle, NULL, 0, milliseconds, NULL);
}

void imflow_multi_wake(imflow_multi *multi) { curl_multi_wakeup(multi->handle); }

int imflow_curl_set_certificates(CURL *easy, const char *authority, const char *certificate, const char *key) {
    int bad = 0;
    if (authority) {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, authority);
        // None of the system's authorities beside it.
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_SSLCERT, certificate);
    bad |= curl_easy_setopt(easy, CURLOPT_SSLKEY, key);
    return bad | curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

imflow_outcome imflow_curl_outcome(CURLcode code) {
    switch (code) {
    case CURLE_OK: return IMFLOW_DONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION: return IMFLOW_CANNOT_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: return IMFLOW_TIMED_OUT;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE: return IMFLOW_CLOSED;
    case CURLE_FILESIZE_EXCEEDED: return IMFLOW_TOO_LARGE;
    case CURLE_WRITE_ERROR: return IMFLOW_STOPPED;
    case CURLE_TOO_MANY_REDIRECTS: return IMFLOW_TOO_MANY_REDIRECTS;
    case CURLE_UNSUPPORTED_PROTOCOL: return IMFLOW_BAD_SCHEME;
    default: return IMFLOW_OTHER;
    }
}

void *imflow_multi_next_ended(imflow_multi *multi, imflow_outcome *outcome) {
    for (;;) {
        int left = 0;
        CURLMsg *message = curl_multi_info_read(multi->handle, &left);
        if (!message) return NULL;
        if (message->msg != CURLMSG_DONE) continue;
        imflow_transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer->code = message->data.result;
        *outcome = imflow_curl_outcome(transfer->code);
        if (*outcome == IMFLOW_CANNOT_CONNECT && transfer->refused[0] != 0) *outcome = IMFLOW_REFUSED;
        return transfer->context;
    }
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *context) {
    imflow_transfer *transfer = context;
    return transfer->on_header_line(transfer->context, (const uint8_t *)bytes, size * count);
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *context) {
    imflow_transfer *transfer = context;
    return transfer->on_body(transfer->context, (const uint8_t *)bytes, size * count);
}

/// The environment's own exceptions from the proxy, and this machine.
static int set_proxy_exceptions(CURL *easy) {
    const char *own = getenv("no_proxy");
    if (!own) own = getenv("NO_PROXY");
    if (own && strcmp(own, "*") == 0) return curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    const char *here = "localhost,127.0.0.0/8,::1";
    size_t size = strlen(here) + (own ? strlen(own) : 0) + 2;
    char *all = malloc(size);
    if (!all) return -1;
    snprintf(all, size, "%s,%s", here, own ? own : "");
    int code = curl_easy_setopt(easy, CURLOPT_NOPROXY, all);
    free(all);
    return code;
}

static int set_defaults(imflow_transfer *transfer) {
    CURL *easy = transfer->easy;
    int bad = 0;
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Giving up must not wait for a name server.
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 128 * 1024L);
    return bad | set_proxy_exceptions(easy);
}

imflow_transfer *imflow_transfer_create(void *context, imflow_receive on_header_line, imflow_receive on_body) {
    imflow_transfer *transfer = calloc(1, sizeof(*transfer));
    if (!transfer) return NULL;
    transfer->context = context;
    transfer->on_header_line = on_header_line;
    transfer->on_body = on_body;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || set_defaults(transfer) != 0) {
        imflow_transfer_destroy(transfer);
        return NULL;
    }
    return transfer;
}

void imflow_transfer_destroy(imflow_transfer *transfer) {
    if (transfer->easy) curl_easy_cleanup(transfer->easy);
    curl_mime_free(transfer->form);
    curl_slist_free_all(transfer->headers);
    free(transfer);
}

int imflow_transfer_set_target(imflow_transfer *transfer, const char *url, const char *unix_socket) {
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
    // What was asked for over TLS is not answered over an open line.
    if (strncasecmp(url, "https:", 6) == 0) {
        bad |= curl_easy_setopt(transfer->easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    }
    if (unix_socket) {
        bad |= curl_easy_setopt(transfer->easy, CURLOPT_UNIX_SOCKET_PATH, unix_socket);
        bad |= curl_easy_setopt(transfer->easy, CURLOPT_PROXY, "");
    }
    return bad;
}

int imflow_transfer_set_certificates(
    imflow_transfer *transfer, const char *authority, const char *certificate, const char *key) {
    return imflow_curl_set_certificates(transfer->easy, authority, certificate, key);
}

int imflow_transfer_set_method(imflow_transfer *transfer, const char *method) {
    if (strcmp(method, "GET") == 0) return curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
    if (strcmp(method, "HEAD") == 0) return curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L);
    return curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, method);
}

/// No waiting for `100 Continue`: it costs a second where the server does not know it. Only a body waits.
static int do_not_wait(imflow_transfer *transfer) { return imflow_transfer_add_header(transfer, "Expect:"); }

int imflow_transfer_set_body(imflow_transfer *transfer, const char *method, const uint8_t *bytes, size_t count) {
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, count > 0 ? (const char *)bytes : "");
    bad |= do_not_wait(transfer);
    if (strcmp(method, "POST") != 0) bad |= curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, method);
    return bad;
}

static size_t supply_body(char *bytes, size_t size, size_t count, void *context) {
    imflow_transfer *transfer = context;
    int64_t filled = transfer->supply(transfer->context, (uint8_t *)bytes, size * count);
    return filled < 0 ? CURL_READFUNC_ABORT : (size_t)filled;
}

int imflow_transfer_set_supply(imflow_transfer *transfer, const char *method, imflow_supply supply) {
    transfer->supply = supply;
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_UPLOAD, 1L);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, method);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_READFUNCTION, supply_body);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_READDATA, transfer);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_UPLOAD_BUFFERSIZE, 512 * 1024L);
    // What was supplied once cannot be supplied again, so that no connection is used that may be closing.
    imflow_transfer_use_new_connection(transfer);
    return bad | do_not_wait(transfer);
}

int imflow_transfer_add_header(imflow_transfer *transfer, const char *line) {
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (!longer) return -1;
    transfer->headers = longer;
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

int imflow_transfer_set_form(
    imflow_transfer *transfer, const char *field, const char *file_name, const char *path, const uint8_t *bytes,
    size_t count) {
    transfer->form = curl_mime_init(transfer->easy);
    curl_mimepart *part = transfer->form ? curl_mime_addpart(transfer->form) : NULL;
    if (!part) return -1;
    int bad = curl_mime_name(part, field);
    if (path) {
        bad |= curl_mime_filedata(part, path);
    } else {
        bad |= curl_mime_data(part, count > 0 ? (const char *)bytes : "", count);
    }
    bad |= curl_mime_filename(part, file_name);
    bad |= curl_mime_type(part, "application/octet-stream");
    bad |= do_not_wait(transfer);
    return bad | curl_easy_setopt(transfer->easy, CURLOPT_MIMEPOST, transfer->form);
}

/// The address is the one that the connection goes to: a name that is resolved again cannot slip another one in.
static curl_socket_t open_guarded(void *context, curlsocktype purpose, struct curl_sockaddr *target) {
    imflow_transfer *transfer = context;
    (void)purpose;
    const uint8_t *bytes = NULL;
    size_t count = 0;
    if (target->family == AF_INET) {
        bytes = (const uint8_t *)&((struct sockaddr_in *)(void *)&target->addr)->sin_addr;
        count = 4;
    } else if (target->family == AF_INET6) {
        bytes = (const uint8_t *)&((struct sockaddr_in6 *)(void *)&target->addr)->sin6_addr;
        count = 16;
    }
    if (!bytes || !transfer->allow(transfer->context, bytes, count)) {
        if (bytes && transfer->refused[0] == 0) {
            inet_ntop(target->family, bytes, transfer->refused, sizeof(transfer->refused));
        }
        return CURL_SOCKET_BAD;
    }
    return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

int imflow_transfer_set_guard(imflow_transfer *transfer, imflow_allow allow) {
    transfer->allow = allow;
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_guarded);
    return bad | curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
}

/// A gateway would carry what is meant for an address that is not there any more to whoever has it elsewhere.
static int forbid_gateways(void *context, curl_socket_t socket, curlsocktype purpose) {
    int yes = 1;
    (void)context;
    (void)purpose;
    int failed = setsockopt(socket, SOL_SOCKET, SO_DONTROUTE, &yes, sizeof(yes));
    return failed ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}

int imflow_transfer_set_direct(imflow_transfer *transfer) {
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_SOCKOPTFUNCTION, forbid_gateways);
    return bad | curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "*");
}

int imflow_transfer_set_signing(imflow_transfer *transfer, const char *scope, const char *key, const char *secret) {
    int bad = curl_easy_setopt(transfer->easy, CURLOPT_AWS_SIGV4, scope);
    // A key may hold /../, which is signed as it is.
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, key);
    return bad | curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, secret);
}

int imflow_transfer_set_limits(imflow_transfer *transfer, imflow_limits limits) {
    CURL *easy = transfer->easy;
    int bad = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits.connect_milliseconds);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limits.total_milliseconds);
    if (limits.stall_seconds > 0) {
        bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)limits.stall_seconds);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)limits.body_bytes);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, limits.redirects > 0 ? 1L : 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)limits.redirects);
    return bad;
}

void imflow_transfer_use_new_connection(imflow_transfer *transfer) {
    curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
}

int imflow_transfer_reused_connection(imflow_transfer *transfer) {
    long made = 1;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &made);
    return made == 0;
}

int imflow_transfer_was_connected(imflow_transfer *transfer) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
    return microseconds > 0;
}

const char *imflow_transfer_refused_address(imflow_transfer *transfer) { return transfer->refused; }

const char *imflow_transfer_message(imflow_transfer *transfer, imflow_outcome outcome) {
    if (transfer->message[0] != 0) return transfer->message;
    return outcome == IMFLOW_DONE ? "" : curl_easy_strerror(transfer->code);
}
