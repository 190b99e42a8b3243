# src/math/kernels_*.c: the same code for each instruction set. Sums of products may
# be rounded once (fused), as in the libraries behind the other products.
# Loops begin on a boundary: by chance alone one of a few steps took a hundredth more or less.
include(CheckCCompilerFlag)
set(kernels ${PROJECT_SOURCE_DIR}/src/math/kernels)
set_source_files_properties(${kernels}_plain.c PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  check_c_compiler_flag(-march=x86-64-v4 ESPALIER_X86_64)
endif()
if(ESPALIER_X86_64)
  target_compile_definitions(espalier_objects PRIVATE ESPALIER_X86_64)
  set_source_files_properties(${kernels}_avx2.c PROPERTIES
    COMPILE_OPTIONS "-O3;-ffp-contract=fast;-march=x86-64-v3;-falign-loops=32")
  set_source_files_properties(${kernels}_avx512.c PROPERTIES
    COMPILE_OPTIONS "-O3;-ffp-contract=fast;-march=x86-64-v4;-mprefer-vector-width=512;-falign-loops=32")
endif()
# With sanitizers compilers take minutes for these files: clang goes without any where parsers are fuzzed,
# GCC without those that would look at each vector's address once more.
if(ESPALIER_FUZZ)
  set(spared "-fno-sanitize=all")
elseif(ESPALIER_SANITIZE MATCHES undefined AND CMAKE_C_COMPILER_ID STREQUAL GNU)
  set(spared "-O1;-fno-sanitize=null,alignment,object-size,pointer-overflow")
endif()
set_property(SOURCE ${kernels}_plain.c ${kernels}_avx2.c ${kernels}_avx512.c
  APPEND PROPERTY COMPILE_OPTIONS "${spared}")

# Loops for several instruction sets are worth what makes them one: where a build is optimised for
# speed, but only by -O2, as distributions do it, GCC 12 leaves most of them one number at a time
# (an epoch 1.3 times as long, by Adam 2.8 times).
set(optimised "$<NOT:$<CONFIG:Debug,MinSizeRel>>")
foreach(source ${ESPALIER_SOURCES})
  file(STRINGS ${source} found REGEX "include \"math/clones.h\"")
  if(found AND NOT ESPALIER_SANITIZE)
    set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS "$<${optimised}:-O3>")
  endif()
endforeach()
