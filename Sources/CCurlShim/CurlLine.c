#include <openssl/ssl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "Curl.h"

struct imflow_line {
    CURL *easy;
    int is_secure;
    void *context;
    imflow_go_on go_on;
    CURLcode code;
    char message[CURL_ERROR_SIZE];
};

imflow_line *imflow_line_create(void) {
    if (imflow_curl_start() != 0) return NULL;
    imflow_line *line = calloc(1, sizeof(*line));
    if (!line) return NULL;
    line->easy = curl_easy_init();
    if (!line->easy) {
        free(line);
        return NULL;
    }
    return line;
}

void imflow_line_destroy(imflow_line *line) {
    curl_easy_cleanup(line->easy);
    free(line);
}

int imflow_line_set_certificates(
    imflow_line *line, const char *authority, const char *certificate, const char *key) {
    return imflow_curl_set_certificates(line->easy, authority, certificate, key);
}

static int progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    imflow_line *line = context;
    (void)a, (void)b, (void)c, (void)d;
    return line->go_on(line->context) ? 0 : 1;
}

static int configure(imflow_line *line, const char *url, int64_t milliseconds) {
    CURL *easy = line->easy;
    int bad = curl_easy_setopt(easy, CURLOPT_URL, url);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, line->message);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    // A proxy would have to be asked for a tunnel first.
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)milliseconds);
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progress);
    return bad | curl_easy_setopt(easy, CURLOPT_XFERINFODATA, line);
}

imflow_outcome imflow_line_connect(
    imflow_line *line, const char *url, int64_t milliseconds, void *context, imflow_go_on go_on) {
    line->context = context;
    line->go_on = go_on;
    line->is_secure = strncasecmp(url, "https:", 6) == 0;
    if (configure(line, url, milliseconds) != 0) return IMFLOW_OTHER;
    line->code = curl_easy_perform(line->easy);
    return imflow_curl_outcome(line->code);
}

int imflow_line_descriptor(imflow_line *line) {
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &descriptor) != CURLE_OK) return -1;
    return descriptor == CURL_SOCKET_BAD ? -1 : (int)descriptor;
}

int64_t imflow_line_send(imflow_line *line, const void *bytes, size_t count) {
    size_t moved = 0;
    line->code = curl_easy_send(line->easy, bytes, count, &moved);
    if (line->code == CURLE_AGAIN) return -1;
    return line->code == CURLE_OK ? (int64_t)moved : -2;
}

int64_t imflow_line_receive(imflow_line *line, void *bytes, size_t count) {
    size_t moved = 0;
    line->code = curl_easy_recv(line->easy, bytes, count, &moved);
    if (line->code == CURLE_AGAIN) return -1;
    return line->code == CURLE_OK ? (int64_t)moved : -2;
}

/// TLS ends one direction by an alert of its own (RFC 8446, section 6.1), which libcurl has no call for.
int imflow_line_end_sending(imflow_line *line) {
    if (!line->is_secure) return shutdown(imflow_line_descriptor(line), SHUT_WR) == 0 ? 0 : -2;
    struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(line->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session) return -2;
    if (session->backend != CURLSSLBACKEND_OPENSSL || !session->internals) return -2;
    int code = SSL_shutdown(session->internals);
    if (code >= 0) return 0;
    int reason = SSL_get_error(session->internals, code);
    return reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? -1 : -2;
}

const char *imflow_line_message(imflow_line *line) {
    if (line->message[0] != 0) return line->message;
    return curl_easy_strerror(line->code);
}
