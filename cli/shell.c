/* Quoting. What is said with it is the commands' business. */
#include "shell.h"

#include <string.h>

typedef struct line {
    char *text;
    size_t size, at;
    bool whole;
} line;

static void put(line *to, const char *piece)
{
    const size_t length = strlen(piece);
    to->whole = to->whole && length < to->size - to->at;
    if (!to->whole)
        return;
    memcpy(to->text + to->at, piece, length + 1);
    to->at += length;
}

static void put_word(line *to, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+,@%=:";
    const bool quoted = !*word || word[strspn(word, plain)] != '\0';
    put(to, quoted ? "'" : "");
    for (const char *c = word; *c; c++) {
        const char one[] = {*c, '\0'};
        put(to, *c == '\'' ? "'\\''" : one);
    }
    put(to, quoted ? "'" : "");
}

bool shell_words(const char *const *words, size_t count, char *text, size_t size)
{
    line to = {.text = text, .size = size, .whole = size > 0};
    for (size_t i = 0; i < count; i++) {
        put(&to, i ? " " : "");
        put_word(&to, words[i]);
    }
    return to.whole;
}
