# Language level, warnings, sanitizers: the same for every component.
include(GNUInstallDirs)

option(AVIARY_TESTS "Build the tests" ON)
option(AVIARY_BENCH "Build the benchmarks" ON)
option(AVIARY_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(AVIARY_SANITIZE "" CACHE STRING "Comma-separated sanitizers, as -fsanitize= takes them")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(AVIARY_CCACHE ccache)
if(AVIARY_CCACHE)
  # Relative to the tree, so that a second clone on the same machine finds what the first has compiled.
  set(AVIARY_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${AVIARY_CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${AVIARY_LAUNCHER})
  set(CMAKE_C_COMPILER_LAUNCHER ${AVIARY_LAUNCHER})
endif()
find_program(AVIARY_LLD ld.lld)
if(AVIARY_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Errors under the compilers that the sources are kept clean for. A newer one that warns of more must not keep anybody
# from building.
set(AVIARY_WARNINGS -Wall -Wextra -Wpedantic)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13) OR
   (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15))
  list(APPEND AVIARY_WARNINGS -Werror)
endif()
add_compile_options(${AVIARY_WARNINGS} -fno-omit-frame-pointer)
add_compile_options(-ffunction-sections -fdata-sections)
# As needed: a shared library that a package names but nothing here uses must not become a dependency.
add_link_options(-Wl,--gc-sections -Wl,--as-needed)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12 in the standard library's string and coroutine code.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                      -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # False alarms of GCC 13 wherever a JSON iterator's value is kept by reference.
    add_compile_options(-Wno-dangling-reference)
  endif()
  # Nor does it see, at -O2, that a coroutine's frame is allocated by its own operator new.
  add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-Wno-mismatched-new-delete>)
endif()

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Many sources as one, so that the sanitizers' stages build in a fraction of the time: for the compiler a source's own
  # types then live in a header.
  add_compile_options(-Wno-subobject-linkage)
endif()

if((AVIARY_SANITIZE OR AVIARY_FUZZ) AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Clang 14 cannot compile coroutines with it: "Cannot represent a difference across sections".
  set(AVIARY_NO_SANITIZE -fno-sanitize=function)
endif()
if(AVIARY_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A check at each access, which doubles what compiling costs: what a bad pointer does is the address sanitizer's to find,
  # and the fuzzers, under clang, have these too.
  set(AVIARY_NO_SANITIZE -fno-sanitize=null,alignment,object-size,vptr,pointer-overflow)
endif()
if(AVIARY_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 does not see, once instrumented, that a coroutine's frame is allocated by its own operator new.
    add_compile_options(-Wno-mismatched-new-delete)
  endif()
  add_compile_options(-fsanitize=${AVIARY_SANITIZE} ${AVIARY_NO_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AVIARY_SANITIZE})
  if(AVIARY_SANITIZE MATCHES "thread")
    # Asio's fences, which the thread sanitizer does not model; its queues are locked all the same.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(AVIARY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined ${AVIARY_NO_SANITIZE}
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
