/* What went wrong, and the library's version.
 *
 * Every function that can fail returns an espalier_status. Most take an
 * espalier_error as their last argument; it may be NULL. It receives the first
 * message only, so that the message names the cause and not what followed.
 *
 * Pointers must not be NULL unless stated. Stated for all: an espalier_error and an
 * espalier_allocator may be, and a destroy of NULL does nothing. */
#ifndef ESPALIER_STATUS_H
#define ESPALIER_STATUS_H

#if defined(_WIN32)
#define ESPALIER_API
#elif defined(__GNUC__)
#define ESPALIER_API __attribute__((visibility("default")))
#else
#define ESPALIER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of statuses: X(NAME, "what it means"). */
#define ESPALIER_STATUS_LIST(X)                                              \
    X(OK, "done")                                                            \
    X(ERROR_MEMORY, "out of memory")                                         \
    X(ERROR_ARGUMENT, "an argument or option is out of its range")           \
    X(ERROR_NOT_FOUND, "a file, a name or a part of a data set is missing")  \
    X(ERROR_IO, "reading or writing failed")                                 \
    X(ERROR_FORMAT, "a file does not hold what its format asks for")         \
    X(ERROR_MISMATCH, "two things do not fit together")                      \
    X(ERROR_UNSUPPORTED, "this build cannot do that")                        \
    X(ERROR_NUMERIC, "a number became NaN or infinite")                      \
    X(ERROR_CANCELLED, "an observer asked to stop")

typedef enum espalier_status {
#define ESPALIER_STATUS_MEMBER(name, text) ESPALIER_##name,
    ESPALIER_STATUS_LIST(ESPALIER_STATUS_MEMBER)
#undef ESPALIER_STATUS_MEMBER
} espalier_status;

/* A message for a person: file, place, what was expected, what was found.
 * Clear it with `espalier_error error = {0};`. */
typedef struct espalier_error {
    espalier_status status; /* ESPALIER_OK: no message yet */
    char message[512];      /* UTF-8 without a control character, always terminated; bytes of a
                               path that are neither are '?' */
} espalier_error;

/* The meaning of a status in a few words. Returns a static string, also for
 * numbers that are not a status. Thread-safe. */
ESPALIER_API const char *espalier_status_text(espalier_status status);

/* The version of the library that is linked, such as "0.1.0". Static string. */
ESPALIER_API const char *espalier_version(void);

#ifdef __cplusplus
}
#endif
#endif
