#pragma once

namespace aviary::spawner {

/// The life of a sandbox's first process (pid 1 of its pid namespace, where there is one). It enters the
/// world that the spawner has made, then starts, stops and watches the function's processes as it is told
/// over `socket`, until that is closed. It runs no code of the function, holds no descriptor besides its own,
/// and cannot be traced by what it starts. When it dies, the kernel kills everything else in the sandbox.
[[noreturn]] void run_first_process(int socket);

}  // namespace aviary::spawner
