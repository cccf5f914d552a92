#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/images.hpp"

namespace aviary::host {

struct ImageLimits {
  std::uint64_t bytes = 10ULL << 30;       ///< Lambda's 10 GB, unpacked with all layers
  std::uint64_t entries = 1'000'000;       ///< a bound against bombs of empty files
  std::uint64_t document_bytes = 4 << 20;  ///< of an index, a manifest, a configuration
  std::size_t layers = 127;                ///< Docker's own bound
};

/// `oci:/path`, `oci:/path:tag`, `oci:/path@sha256:…`.
struct ImageReference {
  std::filesystem::path folder{};
  std::string tag{};
  std::string digest{};  ///< hexadecimal
};
std::optional<ImageReference> parse_image_reference(std::string_view uri);

/// What a manifest or an index says of a blob.
struct BlobNote {
  std::string digest{};  ///< hexadecimal SHA-256
  std::uint64_t size = 0;
  std::string media_type{};
};

struct ImageManifest {
  BlobNote config{};
  std::vector<BlobNote> layers{};
};

/// The manifest as its bytes say, with everything checked that it alone can tell.
ImageStore::Result<ImageManifest> parse_manifest(std::string_view bytes, const ImageLimits& limits);
/// The configuration; `architecture` as Lambda names it, empty: any.
ImageStore::Result<ImageSettings> parse_settings(std::string_view bytes, std::string_view architecture);

/// The image that a layout has for the reference. Blocking.
///
/// A layout (OCI image specification, "image-layout") is a folder with `oci-layout`, `index.json` and
/// `blobs/sha256/`. Nothing of it is trusted: documents are read within bounds, and no link leads out of it.
class ImageLayout {
 public:
  explicit ImageLayout(const std::filesystem::path& folder, ImageLimits limits = {});
  ~ImageLayout();
  ImageLayout(const ImageLayout&) = delete;
  ImageLayout& operator=(const ImageLayout&) = delete;

  struct Chosen {
    std::string digest;    ///< of the manifest
    std::string manifest;  ///< its bytes
  };
  ImageStore::Result<Chosen> choose(const ImageReference& reference, std::string_view architecture) const;
  /// A small blob, verified.
  ImageStore::Result<std::string> document(const BlobNote& blob) const;
  /// Copies a blob to a file that is not there yet, and verifies the copy.
  std::optional<ImageProblem> copy(const BlobNote& blob, const std::filesystem::path& to, bool durable) const;

 private:
  ImageStore::Result<std::string> read(const std::string& path, std::uint64_t most) const;
  ImageStore::Result<Chosen> descend(const BlobNote& blob, std::string_view architecture, int depth) const;

  int folder_;
  ImageLimits limits_;
};

}  // namespace aviary::host
