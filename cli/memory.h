/* What becomes of the program when there is no memory left. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Once, before any JSON: an allocation of jansson's that fails ends the program with a message and
 * EXIT_FAILED. Everything else that fails is a status that its caller passes on. */
void memory_hold(void);

/* While it is on, the end of the process is taken for want of memory: popt ends it in the middle
 * of its work, with a word that does not say who speaks. */
void memory_watch(bool on);

/* Says that there is none. EXIT_FAILED. */
int out_of_memory(void);

/* `bytes` bytes, zeroed; `old` with its bytes as realloc() makes it. For what is too small to be
 * worth a way back: without memory the program ends as above. By free(). */
void *memory_take(size_t bytes);
void *memory_more(void *old, size_t bytes);

#endif
