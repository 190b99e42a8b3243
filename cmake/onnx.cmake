# onnx.pb-c.h and .c, made of the onnx.proto that the system's ONNX package brings.
# src/ includes it as "onnx/onnx.pb-c.h".
if(ESPALIER_HAVE_ONNX)
  set(onnx_made ${PROJECT_BINARY_DIR}/made)
  set(onnx_files ${onnx_made}/onnx/onnx.pb-c.c ${onnx_made}/onnx/onnx.pb-c.h)
  file(MAKE_DIRECTORY ${onnx_made}/onnx)
  add_custom_command(
    OUTPUT ${onnx_files}
    COMMAND ${PROTOC_C} --proto_path=${ONNX_PROTO} --c_out=${onnx_made} ${ONNX_PROTO}/onnx/onnx.proto
    DEPENDS ${ONNX_PROTO}/onnx/onnx.proto
    COMMENT "onnx.proto to C" VERBATIM)
  add_library(espalier_onnx OBJECT ${onnx_files})
  set_target_properties(espalier_onnx PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_options(espalier_onnx PRIVATE -w)
  target_include_directories(espalier_onnx SYSTEM PUBLIC ${onnx_made})
  target_link_libraries(espalier_onnx PUBLIC PkgConfig::PROTOBUF_C)
endif()
