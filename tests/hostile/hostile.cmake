# Bad files for every reader: hostile.py makes them, mutate.c reads thousands in one process.
if(NOT TARGET espalier)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(Threads REQUIRED)

add_executable(hostile_mutate ${CMAKE_CURRENT_LIST_DIR}/mutate.c)
target_link_libraries(hostile_mutate PRIVATE espalier_internals Threads::Threads)
set(sampled --step 2 --every 2)
if(ESPALIER_SANITIZE) # about twenty times slower, and with its own idea of memory
  set(sampled --unlimited --step 9 --every 6)
endif()
add_test(NAME hostile/files
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/hostile.py $<TARGET_FILE:espalier>
                 --mutate $<TARGET_FILE:hostile_mutate> ${sampled}
         WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(hostile/files PROPERTIES TIMEOUT 900)
