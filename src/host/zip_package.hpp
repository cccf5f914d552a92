#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "ports/code_store.hpp"

namespace aviary::host {

/// Unpacked size in bytes, of all files together, or why the zip is refused.
using UnzippedSize = boost::system::result<std::uint64_t, CodeProblem>;

/// Reads the zip whole: paths, kinds, links, sizes, checksums. Blocking: costs what unpacking costs, without
/// the disk, and never unpacks more than the limit.
UnzippedSize check_zip(std::string_view zip, const CodeLimits& limits);

/// Bytes of all files as the zip's directory claims: for a zip that was checked before. Reads no content.
std::uint64_t declared_size(std::string_view zip);

/// Checks the same again and unpacks into `folder`, which is there and empty. Folders get mode 0755, whatever
/// the zip says, so that the function can enter them. Files keep the bits of the zip (a `bootstrap` without
/// the x bit stays so, and a file with mode 0600 cannot be read by the function, as on Lambda), less the
/// right to write for others; 0644 where the zip records none. After a failure something may lie in the
/// folder: it is to be thrown away.
UnzippedSize unpack_zip(std::string_view zip, const std::filesystem::path& folder, const CodeLimits& limits);

}  // namespace aviary::host
