// The program's `operator new`: on the loop's thread small blocks that are freed are kept for the next of
// their size. An invoke makes and frees some hundred of them, sixteen invokes at a time, which is more than
// the C library keeps aside (seven of a size): the rest it merges with its neighbours, and splits again.
#include "app/loop_memory.hpp"

#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

// The C library's own sizes, so that nothing is rounded up that it would not round up.
constexpr std::size_t smallest = 24;
constexpr std::size_t step = 16;
constexpr std::size_t sizes = 256;
/// Bytes that are kept of each size.
constexpr std::size_t most_kept = 4 * 1024;

struct Block {
  Block* next;
};
struct Kept {
  Block* first;
  std::uint32_t room;  ///< for so many more; none on threads that do not recycle
};
constinit thread_local std::array<Kept, sizes> kept{};

constexpr std::size_t size_of(std::size_t index) { return smallest + index * step; }

void* allocate(std::size_t size) {
  for (;;) {
    if (void* block = std::malloc(size)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

void aviary::app::recycle_blocks(bool on) {
  for (std::size_t index = 0; index < sizes; ++index) {
    Kept& of_size = kept[index];
    while (Block* block = of_size.first) {
      of_size.first = block->next;
      std::free(block);
    }
    of_size.room = on ? static_cast<std::uint32_t>(most_kept / size_of(index)) : 0;
  }
}

void* operator new(std::size_t size) {
  const std::size_t index = size <= smallest ? 0 : (size - smallest + step - 1) / step;
  if (index >= sizes) return allocate(size);
  Kept& of_size = kept[index];
  if (Block* block = of_size.first) {
    of_size.first = block->next;
    ++of_size.room;
    return block;
  }
  return allocate(size_of(index));
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  // What the block has, not what its user says: nobody's mistake makes it another size.
  const std::size_t index = (malloc_usable_size(memory) - smallest) / step;
  if (index < sizes) {
    Kept& of_size = kept[index];
    if (of_size.room > 0) {
      auto* block = static_cast<Block*>(memory);
      block->next = of_size.first;
      of_size.first = block;
      --of_size.room;
      return;
    }
  }
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
