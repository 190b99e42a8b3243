# Tests of the command line: what a user types, and exactly what comes back.
if(NOT TARGET espalier)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

foreach(name values wrong_input results activation analyse lowrank same_bytes machines prune help progress restart run_folder study report onnx)
  add_test(NAME cli/${name}
           COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/test_${name}.py $<TARGET_FILE:espalier>
           WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(cli/${name} PROPERTIES TIMEOUT 300)
endforeach()
