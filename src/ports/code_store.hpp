#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ports/body_source.hpp"
#include "ports/task.hpp"

namespace aviary {

/// One package of code (a function's zip or a layer's), kept once however many versions share it. While
/// somebody holds the handle, the bytes and the unpacked folder stay; when the last handle is gone they may
/// be collected.
struct CodeBlob {
  std::string digest;              ///< SHA-256, base64: Lambda's `CodeSha256`
  std::uint64_t size;              ///< bytes of the zip: Lambda's `CodeSize`
  std::uint64_t unzipped_size;     ///< bytes when unpacked, as the zip's directory says and unpacking proved
  std::filesystem::path folder{};  ///< not a package but this folder, as it lies there (`LiveFolders`)
  bool image = false;  ///< not a package but an image that was taken in (`ImageStore`); the digest is its
                       ///< manifest's, hexadecimal
};
using CodeHandle = std::shared_ptr<const CodeBlob>;

/// Why a package was refused. What Lambda says to each is the service's business.
enum class CodeProblem : std::uint8_t {
  Empty,       ///< no bytes, or a zip without entries: Lambda's `Uploaded file must be a non-empty zip`
  NotAZip,     ///< unreadable, truncated, encrypted, or a checksum is wrong
  TooLarge,    ///< unpacks to more than `CodeLimits::unzipped_bytes`, declared or real
  UnsafePath,  ///< an entry or a link that leaves the folder, an absolute path, a device file
  Gone,        ///< no such package (any more)
  Disk,        ///< could not be written
};

struct CodeLimits {
  std::uint64_t unzipped_bytes = 262144000;  ///< Lambda's 250 MiB
  std::uint64_t entries = 500000;            ///< a bound against bombs of empty files
};

/// Content-addressed store of code packages. Work on disk happens in the worker pool.
class CodeStore {
 public:
  virtual ~CodeStore() = default;

  template <class T>
  using Result = boost::system::result<T, CodeProblem>;

  /// Checks the zip whole (every entry's path, type, size, checksum), then keeps it. Durable when it returns,
  /// if the store is. Storing the same bytes again gives the same handle and costs a digest.
  virtual Task<Result<CodeHandle>> store(std::string zip) = 0;
  /// The same of a zip that comes in pieces: `Disk` if it does not come whole. Gathers it in memory, unless
  /// the store has a better way.
  virtual Task<Result<CodeHandle>> take(std::shared_ptr<BodySource> zip);
  /// Finds what an earlier run has stored; for reading state back at start. Nothing if it is not there.
  virtual CodeHandle open(std::string_view digest) = 0;
  /// The read-only unpacked folder; unpacks on the first call, and only once.
  virtual Task<Result<std::filesystem::path>> unpacked(CodeHandle code) = 0;
  /// The zip's bytes.
  virtual Task<Result<std::string>> bytes(CodeHandle code) = 0;
  /// Removes packages that nobody holds any more. Call when the journal is settled: a package must outlive
  /// the last durable record that names it.
  virtual Task<> collect() = 0;
};

}  // namespace aviary

/// Required by `boost::system::result`; asking a failed result for its value is a bug.
namespace aviary {
[[noreturn]] void throw_exception_from_error(CodeProblem problem, const boost::source_location& where);
}
