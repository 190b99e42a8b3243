/* A language with decimal commas: one that the system has, or one made for the test. */
#ifndef TESTS_COMMAS_H
#define TESTS_COMMAS_H

#include <locale.h>

#include "tests/test.h"

static inline bool commas_now(void)
{
    return localeconv()->decimal_point[0] == ',';
}

/* Chooses it for the process; false if there is none and none can be made. */
static inline bool commas_begin(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
    for (size_t i = 0; i < 4 && !commas_now(); i++)
        setlocale(LC_ALL, names[i]);
    if (commas_now())
        return true;
    char folder[] = "commas-XXXXXX", command[256];
    if (!mkdtemp(folder))
        return false;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/words 2>&1", folder, folder);
    if (system(command) == 0 && setenv("LOCPATH", folder, 1) == 0)
        setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(command, sizeof command, "rm -r %s", folder); /* it has been read */
    return system(command) == 0 && commas_now();
}

static inline void commas_end(void)
{
    setlocale(LC_ALL, "C");
}

#endif
