#include "spawner/image.hpp"

// Page-aligned, so that the pages can be given back once the program has been copied out.
__asm__(
    ".section .rodata.aviary_spawner, \"a\", @progbits\n"
    ".balign 4096\n"
    ".global aviary_spawner_image\n"
    "aviary_spawner_image:\n"
    ".incbin \"" AVIARY_SPAWNER_FILE
    "\"\n"
    ".global aviary_spawner_image_end\n"
    "aviary_spawner_image_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" const char aviary_spawner_image[];
extern "C" const char aviary_spawner_image_end[];

namespace aviary::spawner {

std::string_view image() noexcept {
  return {aviary_spawner_image, static_cast<std::size_t>(aviary_spawner_image_end - aviary_spawner_image)};
}

}  // namespace aviary::spawner
