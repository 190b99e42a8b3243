/* One file over the network, by libcurl: into PATH.part, gone on with where an attempt
 * broke off, compared with its digest, and renamed. What a set consists of is fetch.c's
 * business, whether a file is right download_check.c's, the part on the disk
 * download_part.c's. */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include "data/download.h"

#include "base/error.h"

#ifndef ESPALIER_HAVE_CURL

espalier_status download_run(download *file, const espalier_allocator *allocator,
                             espalier_error *error)
{
    (void)allocator;
    return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: this build has no libcurl and cannot download: fetch it by other means "
                     "and put it there as %s",
                     file->url, file->path);
}

#else

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "data/curl.h"
#include "data/download_part.h"

enum {
    CONNECT_SECONDS = 20,
    SLOW_SECONDS = 60, SLOW_BYTES = 100, /* slower than this for so long is a dead line */
    REDIRECTIONS = 8
};

typedef struct transfer {
    download *file;
    curl_functions curl;
    CURL *handle;
    download_part part;
    uint64_t start;           /* held when this request was made */
    uint64_t range;           /* where the server says its bytes begin */
    bool begun;               /* the first bytes of this answer came */
    espalier_error *error;
    espalier_status status;   /* of what went wrong on this side */
} transfer;

/* ---- what libcurl calls --------------------------------------------------- */

/* Remembers where a partial answer begins: "Content-Range: bytes 100-199/200". */
static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    static const char name[] = "content-range: bytes ";
    transfer *t = context;
    char text[64];
    size_t length = size * count < sizeof text ? size * count : sizeof text - 1;
    memcpy(text, line, length);
    text[length] = '\0';
    unsigned long long from;
    if (strncasecmp(text, name, sizeof name - 1) == 0 &&
        sscanf(text + sizeof name - 1, "%llu", &from) == 1)
        t->range = from;
    return size * count;
}

/* Before the first byte: a server that sends the whole file, or another part of it
 * than was asked for, does not go on with ours. */
static espalier_status begin_body(transfer *t)
{
    long code = 0;
    t->curl.getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
    uint64_t from = code == 206 ? t->range : 0;
    t->begun = true;
    if (from == t->part.held)
        return ESPALIER_OK;
    if (from != 0)
        return error_set(t->error, ESPALIER_ERROR_IO,
                         "%s: asked for the bytes from %llu on, the server sent those from %llu on",
                         t->file->url, (unsigned long long)t->part.held, (unsigned long long)from);
    return download_part_cut(&t->part, 0, t->error);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    transfer *t = context;
    size_t length = size * count;
    if (!t->begun)
        t->status = begin_body(t);
    if (!t->status && length > t->file->bytes - t->part.held)
        t->status = error_set(t->error, ESPALIER_ERROR_FORMAT,
                              "%s: expected %llu bytes, found more", t->file->url,
                              (unsigned long long)t->file->bytes);
    if (!t->status)
        t->status = download_part_append(&t->part, bytes, length, t->error);
    if (t->status)
        return 0;
    t->file->received += length;
    return length;
}

static int take_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t sent_total,
                         curl_off_t sent)
{
    transfer *t = context;
    (void)total, (void)done, (void)sent_total, (void)sent;
    if (!t->status)
        t->status = download_tell(t->file, ESPALIER_FETCH_DOWNLOAD, t->part.held, t->error);
    return t->status != ESPALIER_OK;
}

/* ---- one request ------------------------------------------------------------ */

static CURLcode allow_web_only(const transfer *t)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    CURLcode code = t->curl.setopt(t->handle, CURLOPT_PROTOCOLS_STR, "http,https");
    return code ? code : t->curl.setopt(t->handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    CURLcode code = t->curl.setopt(t->handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
    return code ? code : t->curl.setopt(t->handle, CURLOPT_REDIR_PROTOCOLS,
                                          CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

static espalier_status prepare(transfer *t, char *text, espalier_error *error)
{
    CURLcode code = allow_web_only(t);
    t->curl.setopt(t->handle, CURLOPT_ERRORBUFFER, text);
    t->curl.setopt(t->handle, CURLOPT_FOLLOWLOCATION, 1L);
    t->curl.setopt(t->handle, CURLOPT_MAXREDIRS, (long)REDIRECTIONS);
    t->curl.setopt(t->handle, CURLOPT_FAILONERROR, 1L);
    t->curl.setopt(t->handle, CURLOPT_NOSIGNAL, 1L);
    t->curl.setopt(t->handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    t->curl.setopt(t->handle, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    t->curl.setopt(t->handle, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    t->curl.setopt(t->handle, CURLOPT_HEADERFUNCTION, take_header);
    t->curl.setopt(t->handle, CURLOPT_HEADERDATA, t);
    t->curl.setopt(t->handle, CURLOPT_WRITEFUNCTION, take_body);
    t->curl.setopt(t->handle, CURLOPT_WRITEDATA, t);
    t->curl.setopt(t->handle, CURLOPT_XFERINFOFUNCTION, take_progress);
    t->curl.setopt(t->handle, CURLOPT_XFERINFODATA, t);
    t->curl.setopt(t->handle, CURLOPT_NOPROGRESS, 0L);
    /* These copy their text and can fail. */
    if (!code)
        code = t->curl.setopt(t->handle, CURLOPT_USERAGENT, "espalier/" ESPALIER_VERSION);
    if (!code)
        code = t->curl.setopt(t->handle, CURLOPT_URL, t->file->url);
    return code ? error_set(error, ESPALIER_ERROR_IO, "%s: %s", t->file->url,
                            t->curl.strerror(code))
                : ESPALIER_OK;
}

/* A range instead of libcurl's own resuming, which gives up where a server does not
 * know ranges. */
static CURLcode request(transfer *t)
{
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)t->part.held);
    t->start = t->part.held;
    t->range = 0;
    t->begun = false;
    t->status = ESPALIER_OK;
    CURLcode code = t->curl.setopt(t->handle, CURLOPT_RANGE, t->part.held ? range : NULL);
    return code ? code : t->curl.perform(t->handle);
}

/* ---- what came of it ---------------------------------------------------------- */

typedef enum outcome { COMPLETE, AGAIN, OVER } outcome;

static long response(const transfer *t)
{
    long code = 0;
    t->curl.getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* The server answered with a status of 400 or more. */
static outcome refused(const transfer *t, espalier_error *error)
{
    long code = response(t);
    bool passing = code == 408 || code == 429 || code >= 500;
    bool missing = code == 404 || code == 410;
    error_set(error, missing ? ESPALIER_ERROR_NOT_FOUND : ESPALIER_ERROR_IO,
              "%s: the server answered %ld%s", t->file->url, code,
              missing ? ": it has no such file" : "");
    return passing ? AGAIN : OVER;
}

static outcome unreachable(const transfer *t, const char *why, espalier_error *error)
{
    error_set(error, ESPALIER_ERROR_IO,
              "%s: no connection: %s. Without a network, fetch this file elsewhere and put it "
              "there as %s; another fetch checks it",
              t->file->url, why, t->file->path);
    return OVER;
}

/* An answer that ended well, but not at the file's end. */
static outcome short_answer(const transfer *t, espalier_error *error)
{
    curl_off_t promised = -1;
    t->curl.getinfo(t->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
    error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected %llu bytes, found %llu", t->file->url,
              (unsigned long long)t->file->bytes, (unsigned long long)t->part.held);
    return promised >= 0 ? OVER : AGAIN; /* without a length it may have been cut short */
}

static outcome judge(transfer *t, CURLcode code, const char *text, espalier_error *error)
{
    const char *why = *text ? text : t->curl.strerror(code);
    if (t->status)
        return OVER;
    switch (code) {
    case CURLE_OK:
        return t->part.held == t->file->bytes ? COMPLETE : short_answer(t, error);
    case CURLE_HTTP_RETURNED_ERROR:
        return refused(t, error);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return unreachable(t, why, error);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        error_set(error, ESPALIER_ERROR_IO, "%s: the connection broke: %s. What came stays as %s, "
                  "and another fetch goes on there", t->file->url, why, t->part.path);
        return AGAIN;
    case CURLE_UNSUPPORTED_PROTOCOL:
        error_set(error, ESPALIER_ERROR_IO, "%s: expected an address of http or https: %s",
                  t->file->url, why);
        return OVER;
    default:
        error_set(error, ESPALIER_ERROR_IO, "%s: %s", t->file->url, why);
        return OVER;
    }
}

/* ---- attempts -------------------------------------------------------------- */

/* Rests in tenths of a second, so that progress can stop it. */
static espalier_status rest(transfer *t, double seconds, espalier_error *error)
{
    const struct timespec tenth = {0, 100000000};
    for (double left = seconds; left > 0; left -= 0.1) {
        espalier_status status = download_tell(t->file, ESPALIER_FETCH_WAIT, t->part.held, error);
        if (status)
            return status;
        nanosleep(&tenth, NULL);
    }
    return ESPALIER_OK;
}

/* Requests until the part is complete. An attempt that brought something new does not
 * count as one in vain. */
static espalier_status fill(transfer *t, espalier_error *error)
{
    const espalier_fetch_options *o = t->file->options;
    unsigned vain = 0;
    char text[CURL_ERROR_SIZE] = "";
    espalier_status status = prepare(t, text, error);
    while (!status && t->part.held < t->file->bytes) {
        espalier_error failure = {0};
        text[0] = '\0';
        t->error = &failure;
        CURLcode code = request(t);
        if (code == CURLE_HTTP_RETURNED_ERROR && response(t) == 416 && t->start > 0) {
            /* The server's file is no longer than our part. */
            status = download_part_cut(&t->part, 0, error);
            continue;
        }
        outcome what = judge(t, code, text, &failure);
        if (what == COMPLETE)
            return ESPALIER_OK;
        vain = t->part.held > t->start ? 0 : vain + 1;
        if (what == OVER || vain > o->retries)
            return error_set(error, failure.status, "%s", failure.message);
        double wait = o->retry_seconds;
        for (unsigned i = 1; i < vain && wait < 60; i++)
            wait *= 2;
        status = rest(t, wait < 60 ? wait : 60, error);
    }
    return status;
}

static espalier_status attempt(transfer *t, espalier_error *error)
{
    espalier_status status = fill(t, error);
    return status ? status : download_check(t->file, t->part.path, error);
}

/* A part from before may be of another file: where the whole is wrong, it is fetched
 * once more from the beginning. A part that is wrong then goes. */
static espalier_status complete(transfer *t, espalier_error *error)
{
    espalier_error found = {0};
    espalier_status status = ESPALIER_OK;
    if (t->part.held > t->file->bytes)
        status = download_part_cut(&t->part, 0, &found);
    t->file->resumed = t->part.held;
    if (!status)
        status = attempt(t, &found);
    if (status == ESPALIER_ERROR_FORMAT && t->file->resumed > 0) {
        found = (espalier_error){0};
        t->file->resumed = 0;
        status = download_part_cut(&t->part, 0, &found);
        if (!status)
            status = attempt(t, &found);
    }
    if (status == ESPALIER_ERROR_FORMAT)
        unlink(t->part.path);
    return status ? error_set(error, status, "%s", found.message)
                  : download_part_place(&t->part, t->file->path, error);
}

espalier_status download_run(download *file, const espalier_allocator *allocator,
                             espalier_error *error)
{
    transfer t = {.file = file};
    char why[256];
    if (!curl_load(&t.curl, why, sizeof why))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: no libcurl to download it with: %s: fetch it by other means and put "
                         "it there as %s",
                         file->url, why, file->path);
    espalier_status status = download_part_open(&t.part, file->path, allocator, error);
    if (!status && !(t.handle = t.curl.init()))
        status = error_memory(error);
    if (!status)
        status = complete(&t, error);
    if (t.handle)
        t.curl.cleanup(t.handle);
    download_part_close(&t.part, status != ESPALIER_OK, allocator);
    return status;
}

#endif
