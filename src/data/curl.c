#ifdef ESPALIER_HAVE_CURL
#include "data/curl.h"

#include "base/library.h"

bool curl_load(curl_functions *curl, char *why, size_t room)
{
    const library_function functions[] = {
        {"curl_easy_init", &curl->init},       {"curl_easy_cleanup", &curl->cleanup},
        {"curl_easy_setopt", &curl->setopt},   {"curl_easy_perform", &curl->perform},
        {"curl_easy_getinfo", &curl->getinfo}, {"curl_easy_strerror", &curl->strerror},
    };
    return library_load(ESPALIER_CURL_FILE, functions, sizeof functions / sizeof *functions, why,
                        room);
}
#else
typedef int curl_is_not_built; /* ISO C asks for a declaration */
#endif
