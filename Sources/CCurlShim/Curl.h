#pragma once

#include <curl/curl.h>

#include "CCurlShim.h"

// What the parts of this shim share.

/// 0 when libcurl is ready.
int imflow_curl_start(void);
int imflow_curl_set_certificates(CURL *easy, const char *authority, const char *certificate, const char *key);
imflow_outcome imflow_curl_outcome(CURLcode code);
