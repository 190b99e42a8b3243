/* A command line as a text that a shell reads as it was. */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include <stdbool.h>
#include <stddef.h>

/* The words with a space between them, in quotes where a shell needs them. False if they do not
 * fit into `size` bytes; the text is cut then. */
bool shell_words(const char *const *words, size_t count, char *text, size_t size);

#endif
