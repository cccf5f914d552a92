#pragma once

namespace aviary::host {

/// Gives back what only starting needed: freed heap, and the pages of the program and its libraries that were
/// read meanwhile. What is needed again is mapped again from the page cache, a few microseconds each; nothing
/// is lost, for only what is never written to is let go. To be called once the server is ready.
void release_start_memory();

}  // namespace aviary::host
