/* What a bare Cortex-M gives a program here: words through the debugger (semihosting, as
 * QEMU and OpenOCD understand it), an end, and a look at the stack and the clock. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_text(const char *text);
void board_number(uint32_t number);
/* Ends the emulation, or stops in the debugger: status 0 for success, else 1. */
void board_exit(int failed);

/* Fills the free stack with a mark; later the bytes that were written over since. */
void board_stack_mark(void);
uint32_t board_stack_used(void);
/* Bytes of data that are not on the stack. */
uint32_t board_static_bytes(void);

/* Ticks of the core's timer since board_clock_start(), below 2^24; 0 on a core without
 * one. */
void board_clock_start(void);
uint32_t board_clock_ticks(void);

#endif
