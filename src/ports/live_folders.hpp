#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ports/code_store.hpp"
#include "ports/task.hpp"

namespace aviary {

/// Why a folder is not shown to functions.
struct FolderProblem {
  enum class Why : std::uint8_t {
    Off,         ///< no root was named
    NotThere,    ///< no such folder below the roots
    Unreadable,  ///< not for whom functions run as
    TooLarge,    ///< for a package
  };
  Why why;
  std::string text;  ///< one sentence for the developer
};
[[noreturn]] void throw_exception_from_error(const FolderProblem& problem,
                                             const boost::source_location& where);

/// Folders of the developer's that functions run from as they lie there: hot reload. Only those below a root
/// that an option names.
class LiveFolders {
 public:
  virtual ~LiveFolders() = default;

  template <class T>
  using Result = boost::system::result<T, FolderProblem>;

  /// The folder that `path` (absolute) names, links resolved, if functions may run from it. A few system
  /// calls.
  virtual Result<std::filesystem::path> find(std::string_view path) = 0;
  /// A number that changes with anything in the folder: names, sizes, times, what a link points to. Work on
  /// disk happens in the worker pool. 0 when the folder is not there.
  virtual Task<std::uint64_t> stamp(std::filesystem::path folder) = 0;
  /// What lies in it now, as a zip; the same content gives the same bytes. Not compressed.
  virtual Task<Result<std::string>> pack(std::filesystem::path folder) = 0;
};

/// Code that is not a package: its handle says where it lies.
inline CodeHandle live_code(const std::filesystem::path& folder) {
  return std::make_shared<const CodeBlob>(CodeBlob{"hot-reload:" + folder.string(), 0, 0, folder});
}

inline bool is_live(const CodeHandle& code) { return code && !code->folder.empty(); }

}  // namespace aviary
