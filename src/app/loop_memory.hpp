#pragma once

namespace aviary::app {

/// From now on the calling thread keeps small blocks of memory that it frees, and gives them out again; with
/// false it frees them and stops. Defined in the program, not in the library: whoever runs the emulator
/// inside a program of their own keeps their own allocator, and this is null.
[[gnu::weak]] void recycle_blocks(bool on);

}  // namespace aviary::app
