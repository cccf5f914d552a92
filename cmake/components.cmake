# aviary_component(<name> [SOURCES dir] [DEPENDS ...])
#
# One folder, one static library `aviary_<name>`. Sources are all *.cpp of the folder, so adding a
# file needs no edit here.
function(aviary_component name)
  cmake_parse_arguments(ARG "" "FOLDER" "DEPENDS" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${ARG_FOLDER}/*.cpp)
  if(sources)
    add_library(aviary_${name} STATIC ${sources})
    target_include_directories(aviary_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(aviary_${name} PUBLIC ${ARG_DEPENDS})
  else()
    add_library(aviary_${name} INTERFACE)
    target_include_directories(aviary_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(aviary_${name} INTERFACE ${ARG_DEPENDS})
  endif()
endfunction()

# aviary_test(<name> LABEL <label> FOLDER <folder below tests> DEPENDS ... [READS_SOURCES])
#
# One GoogleTest program from all *.cpp of a folder; every test case is a ctest of its own label. READS_SOURCES: it is
# told where the source tree is. The others are not, so that a compiler cache serves them to every clone.
function(aviary_test name)
  cmake_parse_arguments(ARG "READS_SOURCES" "LABEL;FOLDER" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${ARG_FOLDER}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  if(ARG_READS_SOURCES)
    target_compile_definitions(${name} PRIVATE AVIARY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
  # Each by itself: test files like short names, and use the same ones.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 900)
endfunction()
