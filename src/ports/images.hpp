#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/code_store.hpp"
#include "ports/task.hpp"

namespace aviary {

/// Why an image on disk is not taken.
struct ImageProblem {
  enum class Why : std::uint8_t {
    Off,          ///< no root was named
    NotThere,     ///< no such folder below the roots, no such tag or blob in it
    Broken,       ///< no image layout, a digest that is wrong, a layer that cannot be unpacked
    Unsupported,  ///< of a media type or a platform that cannot be run here
    TooLarge,
    Disk,
  };
  Why why;
  std::string text;  ///< one sentence for the developer
};
[[noreturn]] void throw_exception_from_error(const ImageProblem& problem,
                                             const boost::source_location& where);

/// What an image's configuration says about how it is run (OCI image specification, `config`). Its User has
/// no effect, as on Lambda.
struct ImageSettings {
  std::vector<std::string> entry_point{};
  std::vector<std::string> command{};
  std::string working_directory{};
  std::vector<std::pair<std::string, std::string>> environment{};

  bool operator==(const ImageSettings&) const = default;
};

struct UnpackedImage {
  std::filesystem::path root;  ///< its layers one upon the other: a whole file system
  ImageSettings settings;
};

/// `oci:/path`, `oci:/path:tag`, `oci:/path@sha256:…`: an image that lies on disk.
inline bool names_image_folder(std::string_view image_uri) { return image_uri.starts_with("oci:"); }

/// Images out of OCI layouts on disk, taken in whole: what becomes of the layout later does not matter, so
/// that a version stays what it was. Content-addressed; while somebody holds a handle, its image stays. Work
/// on disk happens in the worker pool.
class ImageStore {
 public:
  virtual ~ImageStore() = default;

  template <class T>
  using Result = boost::system::result<T, ImageProblem>;

  /// Takes in the image that the URI names, for an architecture as Lambda names it: every digest is verified
  /// and every layer unpacked. Durable when it returns, if the store is.
  virtual Task<Result<CodeHandle>> take(std::string image_uri, std::string architecture) = 0;
  /// Finds what an earlier run has taken in; for reading state back at start. Nothing if it is not there.
  virtual CodeHandle open(std::string_view digest) = 0;
  /// Its file system, read-only; unpacked on the first call of a run, and only once.
  virtual Task<Result<UnpackedImage>> unpacked(CodeHandle image) = 0;
  /// Removes images that nobody holds any more. As `CodeStore::collect`.
  virtual Task<> collect() = 0;
};

}  // namespace aviary
