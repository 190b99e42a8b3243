#!/bin/sh
# Builds a program that espalier wrote, with its self-test, for a small Cortex-M, and runs
# it there: in QEMU, on a board with 32 KB of flash and 2 KB of RAM.
#
#   run.sh FILE.c [m0|m4]      beside FILE.h and FILE_test.c (export --test-vectors N)
set -eu

here=$(dirname "$0")
file=${1:?"usage: run.sh FILE.c [m0|m4]"}
core=${2:-m0}
stem=${file%.c}
for needed in "$stem.c" "$stem.h" "${stem}_test.c"; do
    [ -f "$needed" ] || { echo "run.sh: $needed is missing (espalier export --test-vectors N)" >&2; exit 1; }
done
case $core in
    m0) flags="-mcpu=cortex-m0" machine=microbit clock=16 ;;
    m4) flags="-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16" machine=mps2-an386 clock=25 ;;
    *) echo "run.sh: expected m0 or m4, found '$core'" >&2; exit 2 ;;
esac
for tool in arm-none-eabi-gcc qemu-system-arm; do
    command -v $tool >/dev/null || { echo "run.sh: $tool is missing (Debian: gcc-arm-none-eabi, qemu-system-arm)" >&2; exit 1; }
done

# Name and type of a row's values, as the header declares them.
declared=$(sed -n 's/^int \([A-Za-z0-9_]*\)_predict(const \([a-z0-9_]*\) x.*/\1 \2/p' "$stem.h")
name=${declared% *}
value=${declared#* }
capitals=$(printf %s "$name" | tr a-z A-Z)

elf=$stem.elf
# shellcheck disable=SC2086
arm-none-eabi-gcc -std=gnu99 -Os $flags -mthumb -ffreestanding -ffunction-sections \
    -fdata-sections -Wall -Wextra -nostdlib -I"$here" -I"$(dirname "$file")" \
    -DNAME="$name" -DTEST="\"$(basename "$stem")_test.c\"" -D"${capitals}_NO_MAIN" \
    -DVALUE="$value" -DCLOCK_MHZ=$clock "$here/main_test.c" "$here/board.c" "$stem.c" \
    -T "$here/board.ld" -Wl,--gc-sections -lgcc -o "$elf"
arm-none-eabi-size -A "$elf" |
    awk '$1 == ".flash" || $1 == ".data" { bytes += $2 } END { print "flash     " bytes " bytes of 32768" }'
exec qemu-system-arm -M $machine -icount shift=0 -semihosting -nographic -monitor none \
    -serial none -kernel "$elf"
