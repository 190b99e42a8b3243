/* libcurl, loaded when something is downloaded: with the twenty libraries behind it, it
 * takes 5 ms. Built with ESPALIER_HAVE_CURL only. */
#ifndef DATA_CURL_H
#define DATA_CURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct curl_functions {
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_easy_setopt) *setopt;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_getinfo) *getinfo;
    __typeof__(curl_easy_strerror) *strerror;
} curl_functions;

/* False, with the reason in why[room], if it cannot be loaded. May be called from any thread. */
bool curl_load(curl_functions *curl, char *why, size_t room);

#endif
