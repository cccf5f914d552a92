# All of them Debian packages; script/dependencies installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)

# Static where Debian ships an archive, so that the installed binary stands alone.
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL REQUIRED)

# An imported archive and not its mere path, of which CMake would not know that it comes before what it needs: GNU ld
# reads archives once, in that order.
function(aviary_static_library target archive)
  find_library(${target}_PATH NAMES lib${archive}.a REQUIRED)
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${target}_PATH})
  target_link_libraries(${target} INTERFACE ${ARGN})
endfunction()

aviary_static_library(dep_zlib z)
aviary_static_library(dep_bz2 bz2)
aviary_static_library(dep_lzma lzma)
aviary_static_library(dep_zstd zstd)
aviary_static_library(dep_nettle nettle)
aviary_static_library(dep_sqlite sqlite3 Threads::Threads m dl)
aviary_static_library(dep_pcre2 pcre2-8)
aviary_static_library(dep_yaml yaml-cpp)
# Only the zip reader is pulled out of the archive, so only its own needs are here.
aviary_static_library(dep_archive archive dep_zlib dep_bz2 dep_lzma dep_zstd dep_nettle)

# The formatting library compiled once.
add_library(dep_fmt STATIC ${CMAKE_SOURCE_DIR}/cmake/fmt.cpp)
target_compile_options(dep_fmt PRIVATE -w)
# Asio compiled once.
add_library(dep_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_compile_definitions(dep_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(dep_asio PUBLIC Boost::headers Threads::Threads)
target_compile_options(dep_asio PRIVATE -w)
# Its TLS, compiled once; only src/http links it.
add_library(dep_asio_ssl STATIC ${CMAKE_SOURCE_DIR}/cmake/asio_ssl.cpp)
target_link_libraries(dep_asio_ssl PUBLIC dep_asio OpenSSL::SSL)
target_compile_options(dep_asio_ssl PRIVATE -w)
# Beast compiled once; only src/http links it.
add_library(dep_beast STATIC ${CMAKE_SOURCE_DIR}/cmake/beast.cpp)
target_compile_definitions(dep_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(dep_beast PUBLIC dep_asio)
target_compile_options(dep_beast PRIVATE -w)

# Kafka, where its archive is there and needs no more than what is linked anyway (docs/decisions/0008-kafka.md).
# Otherwise the program is built without, and says so when it is asked for.
add_library(dep_kafka INTERFACE)
find_path(AVIARY_KAFKA_HEADERS librdkafka/rdkafka.h)
find_library(AVIARY_KAFKA_ARCHIVE NAMES librdkafka.a)
find_library(AVIARY_LZ4_ARCHIVE NAMES liblz4.a)
if(AVIARY_KAFKA_HEADERS AND AVIARY_KAFKA_ARCHIVE AND AVIARY_LZ4_ARCHIVE)
  include(CheckCXXSourceCompiles)
  file(READ ${CMAKE_SOURCE_DIR}/cmake/no_sasl.cpp no_sasl)
  set(CMAKE_REQUIRED_LIBRARIES ${AVIARY_KAFKA_ARCHIVE} OpenSSL::SSL ${dep_zstd_PATH} ${AVIARY_LZ4_ARCHIVE} ${dep_zlib_PATH}
                               Threads::Threads m dl)
  check_cxx_source_compiles("${no_sasl}
#include <librdkafka/rdkafka.h>
int main() { return rd_kafka_new(RD_KAFKA_CONSUMER, nullptr, nullptr, 0) == nullptr; }" AVIARY_KAFKA_LINKS)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(AVIARY_KAFKA_LINKS)
  add_library(dep_no_sasl STATIC ${CMAKE_SOURCE_DIR}/cmake/no_sasl.cpp)
  aviary_static_library(dep_lz4 lz4)
  aviary_static_library(dep_rdkafka rdkafka dep_no_sasl OpenSSL::SSL dep_zstd dep_lz4 dep_zlib Threads::Threads m dl)
  target_link_libraries(dep_kafka INTERFACE dep_rdkafka)
  target_compile_definitions(dep_kafka INTERFACE AVIARY_KAFKA)
else()
  message(STATUS "Kafka is left out: librdkafka-dev and liblz4-dev are missing, or need more than is linked")
endif()
