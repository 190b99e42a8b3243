/* A bare Cortex-M: the vector table, memory before main(), and board.h. */
#include "board.h"

extern uint32_t board_data_load[], board_data_start[], board_data_end[]; /* board.ld */
extern uint32_t board_bss_start[], board_bss_end[], board_stack_top[];

int main(void);
void board_start(void);
void *memcpy(void *to, const void *from, unsigned count);
void *memset(void *to, int value, unsigned count);

/* ---- start ------------------------------------------------------------ */

static void fault(void)
{
    board_text("fault\n");
    board_exit(1);
}

void board_start(void)
{
    const uint32_t *from = board_data_load;
    for (uint32_t *to = board_data_start; to < board_data_end; to++)
        *to = *from++;
    for (uint32_t *to = board_bss_start; to < board_bss_end; to++)
        *to = 0;
#if defined __ARM_FP
    *(volatile uint32_t *)0xe000ed88 |= UINT32_C(0xf) << 20; /* CPACR: the floating-point unit */
    __asm volatile("dsb\n isb");
#endif
    board_exit(main());
}

typedef void handler(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler *handlers[15];
} vectors = {board_stack_top, {board_start, fault, fault, fault, fault, fault}};

/* Compilers call these where they see their loops. */
void *memcpy(void *to, const void *from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ((volatile uint8_t *)to)[i] = (uint8_t)value;
    return to;
}

/* ---- semihosting ------------------------------------------------------ */

enum { WRITE0 = 0x04, EXIT = 0x18 };
enum { RUN_TIME_ERROR = 0x20023, APPLICATION_EXIT = 0x20026 };

static void call(uint32_t operation, uint32_t argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register uint32_t r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_text(const char *text)
{
    call(WRITE0, (uint32_t)text);
}

void board_number(uint32_t number)
{
    char digits[11], *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    board_text(at);
}

void board_exit(int failed)
{
    call(EXIT, failed ? RUN_TIME_ERROR : APPLICATION_EXIT);
    for (;;)
        ;
}

/* ---- the stack -------------------------------------------------------- */

static const uint32_t mark = 0x5afe57ac;

static uint32_t *stack_pointer(void)
{
    uint32_t *pointer;
    __asm volatile("mov %0, sp" : "=r"(pointer));
    return pointer;
}

void board_stack_mark(void)
{
    uint32_t *const end = stack_pointer() - 8; /* this function's own frame is above */
    for (volatile uint32_t *word = board_bss_end; word < end; word++)
        *word = mark;
}

uint32_t board_stack_used(void)
{
    const uint32_t *word = board_bss_end;
    while (word < board_stack_top && *word == mark)
        word++;
    return (uint32_t)((const uint8_t *)board_stack_top - (const uint8_t *)word);
}

uint32_t board_static_bytes(void)
{
    return (uint32_t)((const uint8_t *)board_bss_end - (const uint8_t *)board_data_start);
}

/* ---- SysTick ---------------------------------------------------------- */

static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010;

void board_clock_start(void)
{
    systick[1] = 0xffffff; /* from where it counts down */
    systick[2] = 0;
    systick[0] = 5; /* enabled, the processor's clock, no interrupt */
}

uint32_t board_clock_ticks(void)
{
    return systick[0] & 1 ? 0xffffff - systick[2] : 0;
}
