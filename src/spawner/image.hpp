#pragma once

#include <string_view>

namespace aviary::spawner {

/// The spawner program, an ELF executable: static data of the server's binary.
std::string_view image() noexcept;

}  // namespace aviary::spawner
