/* Feeds a program the rows of its self-test, one after the other out of RAM, as from a
 * camera, and says what that took. Compile with -DNAME=fashion -DTEST='"fashion_test.c"'
 * -DFASHION_NO_MAIN -DVALUE=uint8_t, the type of a row's values, -DCLOCK_MHZ=16, the emulated
 * timer's clock, and the program beside it. */
#include "board.h"
#include TEST

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define OF(part) JOIN(NAME, part)

enum {
    ROWS = sizeof OF(_classes) / sizeof *OF(_classes),
    INPUTS = sizeof OF(_rows) / sizeof *OF(_rows) / ROWS,
    CLASSES = sizeof OF(_scores) / sizeof *OF(_scores) / ROWS
};

typedef __typeof__(+*OF(_scores)) score;
static VALUE image[INPUTS];

static void line(const char *what, uint32_t number, const char *unit)
{
    board_text(what);
    board_number(number);
    board_text(unit);
}

int main(void)
{
    uint32_t same = 0, ticks = 0;
    score scores[CLASSES];
    board_stack_mark();
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < INPUTS; i++)
            image[i] = OF(_rows)[row * INPUTS + i];
        board_clock_start();
        const int class = OF(_predict)(image, scores);
        ticks += board_clock_ticks();
        same += class == OF(_classes)[row];
    }
    const uint32_t stack = board_stack_used(), data = board_static_bytes();
    const int failed = OF(_self_test)();
    line("rows      ", same, "");
    line(" of ", ROWS, failed ? " classified as they must be, scores differ\n"
                              : " classified as they must be, every score the same\n");
    line("RAM       ", data + stack, " bytes: ");
    line("", data, " of data, the row included, and ");
    line("", stack, " of stack\n");
    if (ticks) /* QEMU counts an instruction as a nanosecond (-icount shift=0) */
        line("work      ", ticks / ROWS * 1000 / CLOCK_MHZ, " instructions for a row\n");
    return failed || same < ROWS;
}
