#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace aviary::testing {

/// A tar in memory, entry by entry, with whatever names and links a test wants: ustar, plain.
class TarWriter {
 public:
  TarWriter& file(const std::string& path, std::string_view content, unsigned mode = 0644) {
    return entry(path, '0', mode, content, {});
  }
  TarWriter& folder(const std::string& path, unsigned mode = 0755) { return entry(path, '5', mode, {}, {}); }
  TarWriter& link(const std::string& path, const std::string& target) {
    return entry(path, '2', 0777, {}, target);
  }
  TarWriter& hard_link(const std::string& path, const std::string& target) {
    return entry(path, '1', 0644, {}, target);
  }
  TarWriter& device(const std::string& path) { return entry(path, '3', 0666, {}, {}); }
  std::string bytes() const { return bytes_ + std::string(1024, '\0'); }

 private:
  TarWriter& entry(const std::string& path, char type, unsigned mode, std::string_view content,
                   const std::string& target) {
    std::string head(512, '\0');
    const auto put = [&head](std::size_t at, const std::string& text) {
      head.replace(at, text.size(), text);
    };
    const auto octal = [](unsigned long value, int width) {
      std::array<char, 24> text{};
      std::snprintf(text.data(), text.size(), "%0*lo", width, value);
      return std::string(text.data());
    };
    put(0, path);
    put(100, octal(mode, 7));
    put(108, octal(0, 7));
    put(116, octal(0, 7));
    put(124, octal(content.size(), 11));
    put(136, octal(0, 11));
    put(148, "        ");
    head[156] = type;
    put(157, target);
    put(257, "ustar");
    put(263, "00");
    unsigned long sum = 0;
    for (const char c : head) sum += static_cast<unsigned char>(c);
    put(148, octal(sum, 6) + '\0' + ' ');
    bytes_ += head;
    bytes_ += content;
    if (content.size() % 512 != 0) bytes_.append(512 - content.size() % 512, '\0');
    return *this;
  }

  std::string bytes_;
};

/// An OCI image layout in a folder.
class LayoutWriter {
 public:
  explicit LayoutWriter(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ / "blobs" / "sha256");
    write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }

  /// The descriptor of what is written.
  Json blob(const std::string& bytes, const std::string& media_type) const {
    const std::string digest = hex_encode(sha256(bytes));
    write("blobs/sha256/" + digest, bytes);
    return {{"mediaType", media_type}, {"digest", "sha256:" + digest}, {"size", bytes.size()}};
  }
  /// The descriptor of a manifest over these layers.
  Json image(const std::vector<std::string>& layers, const Json& config,
             const std::string& architecture = "amd64") const {
    Json notes = Json::array();
    for (const std::string& layer : layers)
      notes.push_back(blob(layer, "application/vnd.oci.image.layer.v1.tar"));
    const Json document{{"os", "linux"}, {"architecture", architecture}, {"config", config}};
    const Json manifest{{"schemaVersion", 2},
                        {"config", blob(document.dump(), "application/vnd.oci.image.config.v1+json")},
                        {"layers", notes}};
    return blob(manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
  }
  void tag(Json descriptor, const std::string& tag) {
    descriptor["annotations"] = {{"org.opencontainers.image.ref.name", tag}};
    add(std::move(descriptor));
  }
  void add(Json descriptor) {
    index_["manifests"].push_back(std::move(descriptor));
    write("index.json", index_.dump());
  }
  void write(const std::string& path, const std::string& bytes) const {
    std::ofstream(folder_ / path, std::ios::binary) << bytes;
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  Json index_{{"schemaVersion", 2}, {"manifests", Json::array()}};
};

}  // namespace aviary::testing
