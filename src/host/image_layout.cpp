#include "host/image_layout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "host/file_io.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using Why = ImageProblem::Why;

constexpr std::string_view digest_prefix = "sha256:";
constexpr std::string_view tag_annotation = "org.opencontainers.image.ref.name";
/// What `docker save` writes: the whole name, with the tag at its end.
constexpr std::string_view name_annotation = "io.containerd.image.name";
constexpr int deepest_index = 3;

constexpr std::array index_types{
    std::string_view{"application/vnd.oci.image.index.v1+json"},
    std::string_view{"application/vnd.docker.distribution.manifest.list.v2+json"}};
constexpr std::array manifest_types{std::string_view{"application/vnd.oci.image.manifest.v1+json"},
                                    std::string_view{"application/vnd.docker.distribution.manifest.v2+json"}};
constexpr std::array config_types{std::string_view{"application/vnd.oci.image.config.v1+json"},
                                  std::string_view{"application/vnd.docker.container.image.v1+json"}};
constexpr std::array layer_types{
    std::string_view{"application/vnd.oci.image.layer.v1.tar"},
    std::string_view{"application/vnd.oci.image.layer.v1.tar+gzip"},
    std::string_view{"application/vnd.oci.image.layer.v1.tar+zstd"},
    std::string_view{"application/vnd.oci.image.layer.nondistributable.v1.tar"},
    std::string_view{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    std::string_view{"application/vnd.docker.image.rootfs.diff.tar"},
    std::string_view{"application/vnd.docker.image.rootfs.diff.tar.gzip"},
    std::string_view{"application/vnd.docker.image.rootfs.diff.tar.zstd"}};

template <std::size_t Count>
bool one_of(const std::array<std::string_view, Count>& known, std::string_view type) {
  return std::ranges::find(known, type) != known.end();
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

ImageProblem broken(std::string text) { return {Why::Broken, std::move(text)}; }

/// The string of that name, or empty: documents are anybody's.
std::string text_in(const Json& document, std::string_view name) {
  if (!document.is_object()) return {};
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json* part_of(const Json& document, std::string_view name) {
  if (!document.is_object()) return nullptr;
  const auto found = document.find(name);
  return found == document.end() || found->is_null() ? nullptr : &*found;
}

/// False when there is something else than a list of strings.
bool read_strings(const Json& document, std::string_view name, std::vector<std::string>& into) {
  const Json* list = part_of(document, name);
  if (!list) return true;
  if (!list->is_array()) return false;
  for (const Json& item : *list) {
    if (!item.is_string()) return false;
    into.push_back(item.get<std::string>());
    if (into.back().find('\0') != std::string::npos) return false;
  }
  return true;
}

std::optional<BlobNote> note_of(const Json& document) {
  const std::string digest = text_in(document, "digest");
  const Json* size = part_of(document, "size");
  if (!digest.starts_with(digest_prefix) || !is_hex_digest(std::string_view(digest).substr(7)) || !size ||
      !size->is_number_unsigned())
    return std::nullopt;
  return BlobNote{digest.substr(digest_prefix.size()), size->get<std::uint64_t>(),
                  text_in(document, "mediaType")};
}

std::string_view oci_architecture(std::string_view architecture) {
  return architecture == "x86_64" ? "amd64" : architecture;
}

bool of_platform(const Json& entry, std::string_view architecture) {
  const Json* platform = part_of(entry, "platform");
  return !platform || (text_in(*platform, "os") == "linux" &&
                       text_in(*platform, "architecture") == oci_architecture(architecture));
}

bool named(const Json& entry, const std::string& tag) {
  const Json* annotations = part_of(entry, "annotations");
  if (!annotations) return false;
  const std::string plain = text_in(*annotations, tag_annotation);
  return plain == tag || plain.ends_with(":" + tag) ||
         text_in(*annotations, name_annotation).ends_with(":" + tag);
}

std::string tags_of(const Json& manifests) {
  std::set<std::string> tags;
  for (const Json& entry : manifests)
    if (const Json* annotations = part_of(entry, "annotations"))
      if (std::string tag = text_in(*annotations, tag_annotation); !tag.empty()) tags.insert(std::move(tag));
  return tags.empty() ? "no tags" : fmt::format("the tags {}", fmt::join(tags, ", "));
}

}  // namespace

std::optional<ImageReference> parse_image_reference(std::string_view uri) {
  if (!names_image_folder(uri)) return std::nullopt;
  uri.remove_prefix(4);
  if (!uri.starts_with('/') || uri.find('\0') != std::string_view::npos) return std::nullopt;
  ImageReference reference;
  if (const auto at = uri.rfind("@sha256:"); at != std::string_view::npos) {
    reference.digest = uri.substr(at + 8);
    if (!is_hex_digest(reference.digest)) return std::nullopt;
    uri = uri.substr(0, at);
  }
  const auto colon = uri.find(':', uri.rfind('/'));
  if (colon != std::string_view::npos) {
    reference.tag = uri.substr(colon + 1);
    if (reference.tag.empty()) return std::nullopt;
    uri = uri.substr(0, colon);
  }
  reference.folder = fs::path(uri);
  return reference;
}

ImageStore::Result<ImageManifest> parse_manifest(std::string_view bytes, const ImageLimits& limits) {
  const Json document = parse_bounded<Json>(bytes);
  const Json* config = part_of(document, "config");
  const Json* layers = part_of(document, "layers");
  if (!config || !layers || !layers->is_array()) return broken("The image's manifest is not one.");
  const std::optional<BlobNote> config_note = note_of(*config);
  if (!config_note) return broken("The image's manifest names no configuration.");
  if (!one_of(config_types, config_note->media_type))
    return ImageProblem{Why::Unsupported,
                        fmt::format("Its configuration is of type {}.", config_note->media_type)};
  if (layers->size() > limits.layers)
    return ImageProblem{Why::TooLarge, fmt::format("It has more than {} layers.", limits.layers)};
  ImageManifest manifest{.config = *config_note};
  std::uint64_t total = 0;
  for (const Json& layer : *layers) {
    std::optional<BlobNote> note = note_of(layer);
    if (!note) return broken("The image's manifest names a layer without digest or size.");
    if (!one_of(layer_types, note->media_type))
      return ImageProblem{Why::Unsupported, fmt::format("A layer is of type {}.", note->media_type)};
    if (note->size > limits.bytes - total)
      return ImageProblem{Why::TooLarge, fmt::format("It is larger than {} MB.", limits.bytes >> 20)};
    total += note->size;
    manifest.layers.push_back(std::move(*note));
  }
  return manifest;
}

ImageStore::Result<ImageSettings> parse_settings(std::string_view bytes, std::string_view architecture) {
  const Json document = parse_bounded<Json>(bytes);
  if (!document.is_object()) return broken("The image's configuration is not one.");
  const std::string os = text_in(document, "os");
  const std::string built_for = text_in(document, "architecture");
  if (!architecture.empty() && (os != "linux" || built_for != oci_architecture(architecture)))
    return ImageProblem{Why::Unsupported, fmt::format("It is built for {}/{}, and the function for {}.", os,
                                                      built_for, architecture)};
  ImageSettings settings;
  const Json* config = part_of(document, "config");
  if (!config) return settings;
  std::vector<std::string> variables;
  if (!read_strings(*config, "Entrypoint", settings.entry_point) ||
      !read_strings(*config, "Cmd", settings.command) || !read_strings(*config, "Env", variables))
    return broken("The image's configuration has something else than texts in a list of texts.");
  settings.working_directory = text_in(*config, "WorkingDir");
  for (const std::string& variable : variables) {
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) continue;
    settings.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return settings;
}

ImageLayout::ImageLayout(const fs::path& folder, ImageLimits limits)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), limits_(limits) {}

ImageLayout::~ImageLayout() {
  if (folder_ >= 0) ::close(folder_);
}

namespace {

/// A regular file in the layout, reached without leaving it.
Descriptor open_inside(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  Descriptor file(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
  struct stat facts {};
  if (file && (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))) {
    file.reset();
    errno = EINVAL;
  }
  return file;
}

std::string blob_path(const BlobNote& blob) { return "blobs/sha256/" + blob.digest; }

}  // namespace

ImageStore::Result<std::string> ImageLayout::read(const std::string& path, std::uint64_t most) const {
  const Descriptor file = open_inside(folder_, path);
  if (!file)
    return ImageProblem{Why::NotThere, fmt::format("There is no {} in it: {}.", path, std::strerror(errno))};
  std::string content;
  std::array<char, 16384> part;
  for (;;) {
    const ssize_t length = ::read(file.get(), part.data(), part.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return ImageProblem{Why::Disk, fmt::format("{}: {}", path, std::strerror(errno))};
    if (length == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(length));
    if (content.size() > most)
      return ImageProblem{Why::TooLarge, fmt::format("{} is larger than {} bytes.", path, most)};
  }
}

ImageStore::Result<std::string> ImageLayout::document(const BlobNote& blob) const {
  if (blob.size > limits_.document_bytes)
    return ImageProblem{Why::TooLarge, fmt::format("The blob {} is too large.", blob.digest)};
  ImageStore::Result<std::string> content = read(blob_path(blob), blob.size);
  if (!content && content.error().why != Why::TooLarge) return content;
  if (!content || content->size() != blob.size || hex_encode(sha256(*content)) != blob.digest)
    return broken(fmt::format("The blob {} does not have the digest that it is named by.", blob.digest));
  return content;
}

std::optional<ImageProblem> ImageLayout::copy(const BlobNote& blob, const fs::path& to, bool durable) const {
  const Descriptor from = open_inside(folder_, blob_path(blob));
  if (!from)
    return ImageProblem{Why::NotThere,
                        fmt::format("There is no {} in it: {}.", blob_path(blob), std::strerror(errno))};
  const fs::path beside = to.parent_path() / ("." + to.filename().native() + ".new");
  Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  const auto fail = [&beside] {
    const int problem = errno;
    ::unlink(beside.c_str());
    return ImageProblem{Why::Disk, fmt::format("{}: {}", beside.native(), std::strerror(problem))};
  };
  if (!file) return fail();
  std::vector<char> part(256 * 1024);
  std::uint64_t total = 0;
  while (total <= blob.size) {
    const ssize_t length = ::read(from.get(), part.data(), part.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail();
    if (length == 0) break;
    total += static_cast<std::uint64_t>(length);
    for (ssize_t done = 0; done < length;) {
      const ssize_t written =
          ::write(file.get(), part.data() + done, static_cast<std::size_t>(length - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return fail();
      done += written;
    }
  }
  if (durable && ::fsync(file.get()) != 0) return fail();
  file.reset();
  // The copy is what counts from here on: the layout is somebody else's to change.
  bool right = total == blob.size;
  if (right) {
    const MappedFile copied(beside);
    right = copied && hex_encode(sha256(copied.bytes())) == blob.digest;
  }
  if (!right) {
    ::unlink(beside.c_str());
    return broken(fmt::format("The blob {} does not have the digest that it is named by.", blob.digest));
  }
  if (::rename(beside.c_str(), to.c_str()) != 0) return fail();
  return std::nullopt;
}

ImageStore::Result<ImageLayout::Chosen> ImageLayout::descend(const BlobNote& blob,
                                                             std::string_view architecture, int depth) const {
  ImageStore::Result<std::string> content = document(blob);
  if (!content) return content.error();
  const Json parsed = parse_bounded<Json>(*content);
  std::string type = blob.media_type.empty() ? text_in(parsed, "mediaType") : blob.media_type;
  if (type.empty()) type = part_of(parsed, "manifests") ? index_types[0] : manifest_types[0];
  if (one_of(manifest_types, type)) return Chosen{blob.digest, std::move(*content)};
  const Json* manifests = part_of(parsed, "manifests");
  if (!one_of(index_types, type) || !manifests || !manifests->is_array() || depth == 0)
    return ImageProblem{Why::Unsupported, fmt::format("Its manifest is of type {}.", type)};
  for (const Json& entry : *manifests) {
    const std::optional<BlobNote> note = note_of(entry);
    if (note && of_platform(entry, architecture)) return descend(*note, architecture, depth - 1);
  }
  return ImageProblem{Why::Unsupported,
                      fmt::format("It has no manifest for linux/{}.", oci_architecture(architecture))};
}

ImageStore::Result<ImageLayout::Chosen> ImageLayout::choose(const ImageReference& reference,
                                                            std::string_view architecture) const {
  if (folder_ < 0) return ImageProblem{Why::NotThere, "There is no such folder."};
  const ImageStore::Result<std::string> version = read("oci-layout", limits_.document_bytes);
  if (!version) return version.error();
  if (!text_in(parse_bounded<Json>(*version), "imageLayoutVersion").starts_with("1."))
    return broken("Its oci-layout says no version that is known.");
  const ImageStore::Result<std::string> content = read("index.json", limits_.document_bytes);
  if (!content) return content.error();
  const Json index = parse_bounded<Json>(*content);
  const Json* manifests = part_of(index, "manifests");
  if (!manifests || !manifests->is_array()) return broken("Its index.json is no index.");

  std::vector<const Json*> candidates;
  const bool has_latest =
      std::ranges::any_of(*manifests, [](const Json& entry) { return named(entry, "latest"); });
  const std::string tag =
      reference.tag.empty() && reference.digest.empty() && has_latest ? "latest" : reference.tag;
  bool any = false;
  for (const Json& entry : *manifests) {
    const std::optional<BlobNote> note = note_of(entry);
    if (!note || (!tag.empty() && !named(entry, tag)) ||
        (!reference.digest.empty() && note->digest != reference.digest))
      continue;
    any = true;
    if (of_platform(entry, architecture)) candidates.push_back(&entry);
  }
  if (candidates.empty() && any)
    return ImageProblem{Why::Unsupported,
                        fmt::format("It has no manifest for linux/{}.", oci_architecture(architecture))};
  if (candidates.empty())
    return ImageProblem{Why::NotThere,
                        fmt::format("No image in it has that name; there are {}.", tags_of(*manifests))};
  const bool several = std::ranges::any_of(candidates, [&candidates](const Json* entry) {
    return text_in(*entry, "digest") != text_in(*candidates.front(), "digest");
  });
  if (several && tag.empty())
    return ImageProblem{Why::NotThere,
                        fmt::format("It has several images: name one, it has {}.", tags_of(*manifests))};
  return descend(*note_of(*candidates.front()), architecture, deepest_index);
}

}  // namespace aviary::host
