#include "host/disk_image_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "host/file_io.hpp"
#include "host/layer_unpacker.hpp"
#include "ports/one_shot.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using Why = ImageProblem::Why;

bool lies_below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

fs::path blob_file(const ImageStoreOptions& options, const std::string& digest) {
  return options.kept / "blobs" / digest;
}
fs::path manifest_file(const ImageStoreOptions& options, const std::string& digest) {
  return options.kept / "manifests" / digest;
}
fs::path image_folder(const ImageStoreOptions& options, const std::string& digest) {
  return options.unpacked / ("image-" + digest);
}

/// The layout's folder, links resolved, if it lies below a root.
ImageStore::Result<fs::path> find_layout(const ImageStoreOptions& options, const ImageReference& reference) {
  if (options.roots.empty())
    return ImageProblem{Why::Off,
                        "Images on disk are off here: start the server with --image-root DIR, and they are "
                        "taken from folders below DIR."};
  std::error_code unreadable;
  const fs::path real = fs::canonical(reference.folder, unreadable);
  const bool found = !unreadable && std::ranges::any_of(options.roots, [&real](const fs::path& root) {
    return lies_below(real, root);
  });
  if (!found)
    return ImageProblem{
        Why::NotThere,
        fmt::format("There is no folder {} below those that --image-root names.", reference.folder.native())};
  return real;
}

/// For a worker: what is kept of an image, read back and held against its digests.
ImageStore::Result<std::string> kept_document(const ImageStoreOptions& options, const fs::path& file,
                                              const std::string& digest) {
  const MappedFile mapped(file);
  if (!mapped || mapped.bytes().size() > options.limits.document_bytes ||
      hex_encode(sha256(mapped.bytes())) != digest)
    return ImageProblem{Why::Disk, fmt::format("The image {} is not in the store any more.", digest)};
  return std::string(mapped.bytes());
}

/// For a worker: unpacks beside the place and renames, so that nobody sees half an image.
ImageStore::Result<UnpackedImage> unpack_image(const ImageStoreOptions& options, const std::string& digest) {
  const auto bytes = kept_document(options, manifest_file(options, digest), digest);
  if (!bytes) return bytes.error();
  const auto manifest = parse_manifest(*bytes, options.limits);
  if (!manifest) return manifest.error();
  const auto config =
      kept_document(options, blob_file(options, manifest->config.digest), manifest->config.digest);
  if (!config) return config.error();
  auto settings = parse_settings(*config, {});
  if (!settings) return settings.error();
  UnpackedImage image{image_folder(options, digest), std::move(*settings)};
  std::error_code problem;
  if (fs::is_directory(image.root, problem)) return image;
  const fs::path beside = options.unpacked / (".image-" + digest);
  fs::remove_all(beside, problem);
  fs::create_directory(beside, problem);
  if (problem) return ImageProblem{Why::Disk, fmt::format("{}: {}", beside.native(), problem.message())};
  std::vector<fs::path> layers;
  for (const BlobNote& layer : manifest->layers) layers.push_back(blob_file(options, layer.digest));
  std::optional<ImageProblem> failed =
      unpack_layers(layers, beside, options.limits, image.settings.working_directory);
  if (!failed) {
    fs::rename(beside, image.root, problem);
    if (problem) failed = ImageProblem{Why::Disk, problem.message()};
  }
  if (!failed) return image;
  fs::remove_all(beside, problem);
  return std::move(*failed);
}

/// For a worker: copies what is not there yet, and unpacks it, which proves the layers. The manifest goes in
/// last: it says that the image is whole.
struct Taken {
  std::string digest;
  UnpackedImage image;
};
ImageStore::Result<Taken> take_image(const ImageStoreOptions& options, const ImageReference& reference,
                                     const std::string& architecture) {
  const auto folder = find_layout(options, reference);
  if (!folder) return folder.error();
  const ImageLayout layout(*folder, options.limits);
  const auto chosen = layout.choose(reference, architecture);
  if (!chosen) return chosen.error();
  const auto manifest = parse_manifest(chosen->manifest, options.limits);
  if (!manifest) return manifest.error();
  const auto config = layout.document(manifest->config);
  if (!config) return config.error();
  if (const auto settings = parse_settings(*config, architecture); !settings) return settings.error();

  for (const char* part : {"blobs", "manifests"})
    if (const auto failed = make_folder(options.kept / part, fs::perms::owner_all))
      return ImageProblem{Why::Disk, failed.message()};
  std::vector<BlobNote> blobs = manifest->layers;
  blobs.push_back(manifest->config);
  std::error_code absent;
  for (const BlobNote& blob : blobs) {
    const fs::path file = blob_file(options, blob.digest);
    // Renamed in whole once it was verified.
    if (fs::file_size(file, absent) == blob.size && !absent) continue;
    if (std::optional<ImageProblem> failed = layout.copy(blob, file, options.durable))
      return std::move(*failed);
  }
  if (options.durable) {
    const Descriptor folder(::open((options.kept / "blobs").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0)
      return ImageProblem{Why::Disk, std::error_code(errno, std::generic_category()).message()};
  }
  const fs::path file = manifest_file(options, chosen->digest);
  const bool known = fs::exists(file, absent);
  if (!known)
    if (const auto failed = write_whole(file, chosen->manifest, options.durable))
      return ImageProblem{Why::Disk, failed.message()};
  auto image = unpack_image(options, chosen->digest);
  if (image) return Taken{chosen->digest, std::move(*image)};
  if (!known) fs::remove(file, absent);
  return image.error();
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem))
    names.insert(entry->path().filename().native());
  return names;
}

/// For a worker: everything but the images that are held.
void keep_only(const ImageStoreOptions& options, const std::set<std::string>& held) {
  std::set<std::string> blobs;
  std::error_code ignored;
  for (const std::string& digest : names_in(options.kept / "manifests")) {
    if (!held.contains(digest)) {
      fs::remove(manifest_file(options, digest), ignored);
      fs::remove_all(image_folder(options, digest), ignored);
      continue;
    }
    const auto bytes = kept_document(options, manifest_file(options, digest), digest);
    if (!bytes) return;  // what it needs is not known: nothing of it may go
    const auto manifest = parse_manifest(*bytes, options.limits);
    if (!manifest) return;
    blobs.insert(manifest->config.digest);
    for (const BlobNote& layer : manifest->layers) blobs.insert(layer.digest);
  }
  for (const std::string& digest : names_in(options.kept / "blobs"))
    if (!blobs.contains(digest)) fs::remove(blob_file(options, digest), ignored);
}

}  // namespace

struct DiskImageStore::State {
  State(WorkerPool& pool, ImageStoreOptions chosen) : workers(pool), options(std::move(chosen)) {}

  struct Image {
    std::weak_ptr<const CodeBlob> blob;
    std::optional<UnpackedImage> unpacked;
  };

  WorkerPool& workers;
  const ImageStoreOptions options;
  std::map<std::string, Image, std::less<>> images;  ///< by digest
  bool busy = false;
  bool listed = false;  ///< what earlier runs left has been looked through
  std::vector<OneShot<bool>> waiting;

  CodeHandle handle_of(const std::string& digest) {
    Image& image = images[digest];
    if (CodeHandle held = image.blob.lock()) return held;
    CodeBlob blob{digest, 0, 0};
    blob.image = true;
    CodeHandle handle = std::make_shared<const CodeBlob>(std::move(blob));
    image.blob = handle;
    return handle;
  }
};

namespace {

/// The right to work on the store, until it goes.
template <class State>
class Turn {
 public:
  explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) { state_->busy = true; }
  ~Turn() {
    state_->busy = false;
    for (const auto& next : std::exchange(state_->waiting, {})) next.set(true);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::shared_ptr<State> state_;
};

/// Completes when nobody works; the caller takes its turn before it suspends again.
template <class State>
Task<> until_idle(std::shared_ptr<State> state) {
  while (state->busy) {
    OneShot<bool> turn;
    state->waiting.push_back(turn);
    co_await turn.wait();
  }
}

}  // namespace

DiskImageStore::DiskImageStore(WorkerPool& workers, ImageStoreOptions options) {
  for (fs::path& root : options.roots) {
    std::error_code problem;
    const fs::path real = fs::canonical(root, problem);
    if (!problem) root = real;
  }
  state_ = std::make_shared<State>(workers, std::move(options));
}

DiskImageStore::~DiskImageStore() = default;

Task<ImageStore::Result<CodeHandle>> DiskImageStore::take(std::string image_uri, std::string architecture) {
  const auto state = state_;
  const std::optional<ImageReference> reference = parse_image_reference(image_uri);
  if (!reference)
    co_return ImageProblem{
        Why::NotThere, "An image on disk is named as oci:/path, oci:/path:tag or oci:/path@sha256:digest."};
  co_await until_idle(state);
  const Turn turn(state);
  auto work = [options = state->options, reference = *reference, architecture = std::move(architecture)] {
    return take_image(options, reference, architecture);
  };
  Result<Taken> taken = co_await state->workers.run(work);
  if (!taken) {
    state->listed = false;  // it may have left blobs behind
    co_return taken.error();
  }
  CodeHandle handle = state->handle_of(taken->digest);
  state->images[taken->digest].unpacked = std::move(taken->image);
  co_return handle;
}

CodeHandle DiskImageStore::open(std::string_view digest) {
  std::error_code absent;
  const std::string name(digest);
  if (name.size() != 64 || name.find('/') != std::string::npos ||
      !fs::exists(manifest_file(state_->options, name), absent))
    return nullptr;
  return state_->handle_of(name);
}

Task<ImageStore::Result<UnpackedImage>> DiskImageStore::unpacked(CodeHandle image) {
  const auto state = state_;
  const std::string digest = image->digest;
  co_await until_idle(state);
  if (const auto& there = state->images[digest].unpacked) co_return *there;
  const Turn turn(state);
  auto work = [options = state->options, digest] { return unpack_image(options, digest); };
  Result<UnpackedImage> unpacked = co_await state->workers.run(work);
  if (unpacked) state->images[digest].unpacked = *unpacked;
  co_return unpacked;
}

Task<> DiskImageStore::collect() {
  const auto state = state_;
  const bool first = !std::exchange(state->listed, true);
  co_await until_idle(state);
  std::set<std::string> held;
  bool some = first;
  for (auto image = state->images.begin(); image != state->images.end();) {
    if (image->second.blob.expired()) {
      image = state->images.erase(image);
      some = true;
    } else {
      held.insert(image++->first);
    }
  }
  if (!some) co_return;
  const Turn turn(state);
  auto work = [options = state->options, held = std::move(held)] {
    keep_only(options, held);
    return true;
  };
  co_await state->workers.run(work);
}

}  // namespace aviary::host
