# Runs that are killed, files that fail, disks that are full, memory that gives out. The tool that meets system calls is
# made for Linux on x86-64, the one that stands in for malloc for glibc; a sanitizer lets itself
# neither be traced nor be stood in for.
if(NOT TARGET espalier)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(at_boundaries "")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT ESPALIER_SANITIZE)
  add_executable(system_calls ${CMAKE_CURRENT_LIST_DIR}/system_calls.c)
  set(at_boundaries --tool $<TARGET_FILE:system_calls> --boundaries 4 --chain 1)
endif()
if(TARGET system_calls)
  add_test(NAME faults/files
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/files.py $<TARGET_FILE:espalier>
           $<TARGET_FILE:system_calls> --every 40
           WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(faults/files PROPERTIES TIMEOUT 600)
endif()
include(CheckSymbolExists)
check_symbol_exists(__GLIBC__ features.h ESPALIER_GLIBC)
if(ESPALIER_GLIBC AND NOT ESPALIER_SANITIZE)
  add_library(allocations MODULE ${CMAKE_CURRENT_LIST_DIR}/allocations.c
              ${CMAKE_CURRENT_LIST_DIR}/serve.c)
  target_link_libraries(allocations PRIVATE ${CMAKE_DL_LIBS})
  set_target_properties(allocations PROPERTIES C_VISIBILITY_PRESET default)
  # A part of all points; then those where something was found once: popt's, a checkpoint and its lists
  # taken for damaged, a folder for another one, plots left out, a machine without a name, a layer
  # without a rank.
  function(add_memory_test name)
    add_test(NAME ${name}
             COMMAND Python3::Interpreter ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/memory.py $<TARGET_FILE:espalier>
             $<TARGET_FILE:allocations> ${ARGN}
             WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endfunction()
  add_memory_test(faults/memory --every 797 --first 7)
  add_memory_test(faults/memory_options --only help,usage,values,eval --last 100)
  add_memory_test(faults/memory_resume --only resume --first 300 --last 2200 --every 20)
  add_memory_test(faults/memory_arrays --only arrays-deflated,arrays-folder --last 100)
  add_memory_test(faults/memory_plots --only report-drawn --first 2000 --every 20)
  add_memory_test(faults/memory_study --only study --first 195 --last 225)
  add_memory_test(faults/memory_ranks --only study-lowrank --first 2350 --last 2400)
endif()
if(NOT ESPALIER_SANITIZE)
  add_test(NAME faults/places
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/places.py $<TARGET_FILE:espalier> --most 2
           WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(faults/places PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
add_test(NAME faults/kills
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/kills.py $<TARGET_FILE:espalier> --random 20 ${at_boundaries}
         WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(faults/kills PROPERTIES TIMEOUT 600)
