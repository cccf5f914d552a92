# The standard library, JSON, formatting and coroutines, read by the compiler once instead of for every source: most of
# what building costs. Only where sources are built together too: the everyday build and clang-tidy see each source as
# it stands, and so its missing includes.
set(precompiled_headers <algorithm> <array> <charconv> <chrono> <cmath> <cstdint> <deque> <filesystem> <functional>
    <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <boost/asio/any_io_executor.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp> <boost/asio/post.hpp>
    <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp> <boost/asio/use_awaitable.hpp> <fmt/format.h>
    <nlohmann/json.hpp>)
if(CMAKE_UNITY_BUILD)
  add_library(aviary_precompiled STATIC ${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp)
  target_link_libraries(aviary_precompiled PRIVATE dep_asio dep_fmt nlohmann_json::nlohmann_json)
  target_precompile_headers(aviary_precompiled PRIVATE ${precompiled_headers})
endif()

# aviary_precompiled(<target> <holder>): what the holder's headers say, if the target knows coroutines.
function(aviary_precompiled target holder)
  if(TARGET ${holder} AND NOT target MATCHES "^aviary_(base|wire)$")
    target_precompile_headers(${target} REUSE_FROM ${holder})
  endif()
endfunction()

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
    aviary_precompiled(aviary_${name} aviary_precompiled)
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
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} dep_asio GTest::gmock GTest::gtest_main)
  aviary_precompiled(${name} aviary_precompiled_tests)
  if(ARG_READS_SOURCES)
    target_compile_definitions(${name} PRIVATE AVIARY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
  # Each by itself: test files like short names, and use the same ones.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 900)
endfunction()
