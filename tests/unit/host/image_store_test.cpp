#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>

#include "host/disk_image_store.hpp"
#include "host/worker_threads.hpp"
#include "ports/task_group.hpp"
#include "support/image_writer.hpp"
#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::LayoutWriter;
using testing::TarWriter;
using Why = ImageProblem::Why;
using Taken = ImageStore::Result<CodeHandle>;
using Unpacked = ImageStore::Result<UnpackedImage>;

Task<> take(DiskImageStore& images, std::string uri, std::string architecture, std::optional<Taken>& result) {
  Taken taken = co_await images.take(std::move(uri), std::move(architecture));
  result.emplace(std::move(taken));
}
Task<> unpack(DiskImageStore& images, CodeHandle image, std::optional<Unpacked>& result) {
  Unpacked unpacked = co_await images.unpacked(std::move(image));
  result.emplace(std::move(unpacked));
}
Task<> collect(DiskImageStore& images) {
  auto collecting = images.collect();
  co_await std::move(collecting);
}

struct ImageStoreTest : ::testing::Test {
  testing::TemporaryFolder folder;
  boost::asio::io_context loop{1};
  WorkerThreads workers{loop.get_executor()};
  TaskGroup tasks{loop.get_executor()};
  ImageStoreOptions options;
  std::unique_ptr<DiskImageStore> images;
  LayoutWriter layout{folder.path() / "layouts" / "app"};

  ImageStoreTest() {
    options.roots = {folder.path() / "layouts"};
    options.kept = folder.path() / "kept";
    options.unpacked = folder.path() / "unpacked";
    options.limits.bytes = 1 << 20;
    fs::create_directory(options.unpacked);
    restart();
  }
  void restart() { images = std::make_unique<DiskImageStore>(workers, options); }
  void run() {
    loop.restart();
    loop.run();
    ASSERT_EQ(tasks.size(), 0U) << "a coroutine is stuck";
  }
  std::string uri(const std::string& tag = "") const {
    return "oci:" + layout.folder().native() + (tag.empty() ? "" : ":" + tag);
  }
  Taken taken(const std::string& named, const std::string& architecture = "x86_64") {
    std::optional<Taken> result;
    tasks.spawn("take", take(*images, named, architecture, result));
    run();
    return *result;
  }
  Unpacked unpacked(const CodeHandle& image) {
    std::optional<Unpacked> result;
    tasks.spawn("unpack", unpack(*images, image, result));
    run();
    return *result;
  }
  /// The file system of an image with these layers.
  fs::path root_of(const std::vector<std::string>& layers, const Json& config = Json::object()) {
    layout.tag(layout.image(layers, config), "v" + std::to_string(++count_));
    const Taken image = taken(uri("v" + std::to_string(count_)));
    if (!image) {
      ADD_FAILURE() << image.error().text;
      return {};
    }
    held_.push_back(*image);
    return unpacked(*image)->root;
  }
  Why refused(const std::vector<std::string>& layers) {
    layout.tag(layout.image(layers, Json::object()), "v" + std::to_string(++count_));
    const Taken image = taken(uri("v" + std::to_string(count_)));
    EXPECT_FALSE(image) << "not refused";
    return image ? Why::Disk : image.error().why;
  }
  static std::string content(const fs::path& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  int count_ = 0;
  std::vector<CodeHandle> held_;
};

TEST_F(ImageStoreTest, TakesAnImageWhole) {
  const Json config{{"Entrypoint", {"/run"}},
                    {"Cmd", {"app.handler"}},
                    {"WorkingDir", "/srv/app"},
                    {"Env", {"A=1", "B=x=y", "broken"}}};
  layout.tag(layout.image({TarWriter().file("run", "#!", 0755).bytes()}, config), "v1");
  const Taken image = taken(uri("v1"));
  ASSERT_TRUE(image) << image.error().text;
  EXPECT_TRUE((*image)->image);
  EXPECT_EQ((*image)->size, 0U) << "CodeSize of an image";
  const Unpacked there = unpacked(*image);
  const ImageSettings expected{{"/run"}, {"app.handler"}, "/srv/app", {{"A", "1"}, {"B", "x=y"}}};
  EXPECT_EQ(there->settings, expected);
  EXPECT_EQ(content(there->root / "run"), "#!");
  EXPECT_EQ(fs::status(there->root / "run").permissions(), fs::perms(0755));
  for (const char* made : {"proc", "dev", "tmp", "etc/hosts", "etc/resolv.conf", "srv/app"})
    EXPECT_TRUE(fs::exists(there->root / made)) << made;

  // What becomes of the layout does not matter, nor a restart.
  const CodeHandle before = *image;
  fs::remove_all(layout.folder());
  fs::remove_all(options.unpacked);
  fs::create_directory(options.unpacked);
  restart();
  const CodeHandle again = images->open(before->digest);
  ASSERT_TRUE(again);
  EXPECT_EQ(content(unpacked(again)->root / "run"), "#!");
}

TEST_F(ImageStoreTest, FindsTheImageByTagDigestAndPlatform) {
  const Json arm = layout.image({TarWriter().file("a", "arm").bytes()}, Json::object(), "arm64");
  const Json amd = layout.image({TarWriter().file("a", "amd").bytes()}, Json::object(), "amd64");
  const auto of = [](Json descriptor, const char* architecture) {
    descriptor["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    return descriptor;
  };
  Json attestation = of(amd, "unknown");
  attestation["platform"]["os"] = "unknown";
  const Json index{{"schemaVersion", 2}, {"manifests", {attestation, of(arm, "arm64"), of(amd, "amd64")}}};
  layout.tag(layout.blob(index.dump(), "application/vnd.oci.image.index.v1+json"), "many");
  layout.tag(arm, "arm-only");
  EXPECT_EQ("sha256:" + taken(uri("many"))->get()->digest, amd["digest"]);
  EXPECT_EQ("sha256:" + taken(uri("many"), "arm64")->get()->digest, arm["digest"]);
  EXPECT_EQ(taken(uri("arm-only")).error().why, Why::Unsupported);
  EXPECT_THAT(taken(uri("arm-only")).error().text, HasSubstr("linux/arm64"));
  EXPECT_EQ(taken(uri("v9")).error().why, Why::NotThere);
  EXPECT_THAT(taken(uri("v9")).error().text, HasSubstr("arm-only, many"));
  EXPECT_EQ(taken(uri()).error().why, Why::NotThere) << "two, and none is the latest";
  EXPECT_EQ("sha256:" + taken(uri() + "@" + arm["digest"].get<std::string>(), "arm64")->get()->digest,
            arm["digest"]);
  layout.tag(amd, "latest");
  EXPECT_TRUE(taken(uri()));
}

TEST_F(ImageStoreTest, OnlyBelowTheRoots) {
  LayoutWriter outside(folder.path() / "outside");
  outside.tag(outside.image({TarWriter().file("a", "1").bytes()}, Json::object()), "v1");
  EXPECT_EQ(taken("oci:" + outside.folder().native() + ":v1").error().why, Why::NotThere);
  fs::create_directory_symlink(outside.folder(), folder.path() / "layouts" / "link");
  EXPECT_EQ(taken("oci:" + (folder.path() / "layouts" / "link").native() + ":v1").error().why, Why::NotThere);
  EXPECT_EQ(taken("oci:" + (layout.folder() / ".." / ".." / "outside").native()).error().why, Why::NotThere);
  for (const char* wrong : {"oci:relative", "oci:", "oci:/x@sha256:12", "oci:/x:"})
    EXPECT_EQ(taken(wrong).error().why, Why::NotThere) << wrong;
  options.roots.clear();
  restart();
  EXPECT_EQ(taken(uri()).error().why, Why::Off);
}

TEST_F(ImageStoreTest, RefusesWhatIsNotWhatItsDigestSays) {
  const std::string layer = TarWriter().file("a", "1").bytes();
  const Json descriptor = layout.image({layer}, Json::object());
  layout.tag(descriptor, "v1");
  const std::string blob = "blobs/sha256/" + hex_encode(sha256(layer));
  std::string other = layer;
  other[700] = 'x';
  layout.write(blob, other);
  EXPECT_EQ(taken(uri("v1")).error().why, Why::Broken);
  layout.write(blob, layer + "more");
  EXPECT_EQ(taken(uri("v1")).error().why, Why::Broken);
  fs::remove(layout.folder() / blob);
  EXPECT_EQ(taken(uri("v1")).error().why, Why::NotThere);
  // A link out of the layout is not followed, whatever it leads to.
  std::ofstream(folder.path() / "secret") << layer;
  fs::create_symlink(folder.path() / "secret", layout.folder() / blob);
  EXPECT_EQ(taken(uri("v1")).error().why, Why::NotThere);
  fs::remove(layout.folder() / blob);
  layout.write(blob, layer);
  EXPECT_TRUE(taken(uri("v1")));
  layout.write("blobs/sha256/" + descriptor["digest"].get<std::string>().substr(7), "{}");
  EXPECT_EQ(taken(uri("v1")).error().why, Why::Broken);
}

TEST_F(ImageStoreTest, RefusesDocumentsThatAreNone) {
  layout.tag(layout.image({TarWriter().file("a", "1").bytes()}, Json::object()), "v1");
  for (const char* index : {"", "[]", "{\"manifests\":{}}", "nonsense"}) {
    layout.write("index.json", index);
    EXPECT_EQ(taken(uri("v1")).error().why, Why::Broken) << index;
  }
  layout.write("index.json", R"({"manifests":[1,{"digest":7},{"digest":"sha256:../x","size":1}]})");
  EXPECT_EQ(taken(uri("v1")).error().why, Why::NotThere);
  layout.write("oci-layout", "{}");
  EXPECT_EQ(taken(uri("v1")).error().why, Why::Broken);

  LayoutWriter odd(folder.path() / "layouts" / "odd");
  const std::string named = "oci:" + odd.folder().native();
  const Json layer = odd.blob("not a layer", "application/vnd.example");
  const Json config = odd.blob(R"({"os":"linux","architecture":"amd64","config":{"Env":[1]}})",
                               "application/vnd.oci.image.config.v1+json");
  const auto manifest = [&odd](const Json& config_note, const Json& layers) {
    return odd.blob(Json{{"config", config_note}, {"layers", layers}}.dump(),
                    "application/vnd.oci.image.manifest.v1+json");
  };
  odd.tag(manifest(config, Json::array({layer})), "layer");
  odd.tag(manifest(config, Json::array()), "config");
  odd.tag(manifest(layer, Json::array()), "type");
  odd.tag(odd.blob("{}", "application/vnd.example"), "manifest");
  EXPECT_EQ(taken(named + ":layer").error().why, Why::Unsupported);
  EXPECT_EQ(taken(named + ":config").error().why, Why::Broken);
  EXPECT_EQ(taken(named + ":type").error().why, Why::Unsupported);
  EXPECT_EQ(taken(named + ":manifest").error().why, Why::Unsupported);
}

TEST_F(ImageStoreTest, LayersLieOnEachOther) {
  const std::string lower = TarWriter()
                                .folder("a/")
                                .file("a/one", "1")
                                .file("a/two", "2")
                                .file("b/deep/old", "old")
                                .file("b/gone", "gone")
                                .file("was-file", "f")
                                .folder("was-folder")
                                .file("was-folder/x", "x")
                                .link("usr-link", "/a")
                                .bytes();
  const std::string upper = TarWriter()
                                .file("a/.wh.one", "")
                                .file("a/.wh.never-there", "")
                                .file("b/deep/new", "new")
                                .file("b/.wh..wh..opq", "")
                                .file("b/late", "late")
                                .folder("was-file")
                                .file("was-folder", "now a file")
                                .file("usr-link/three", "3")
                                .hard_link("same", "a/two")
                                .file(".wh..wh.plnk", "")
                                .bytes();
  const fs::path root = root_of({lower, upper});
  EXPECT_FALSE(fs::exists(root / "a/one"));
  EXPECT_EQ(content(root / "a/two"), "2");
  EXPECT_EQ(content(root / "a/three"), "3") << "through a link, as the image sees it";
  EXPECT_FALSE(fs::exists(root / "b/deep/old"));
  EXPECT_FALSE(fs::exists(root / "b/gone"));
  EXPECT_EQ(content(root / "b/deep/new"), "new") << "an opaque folder keeps what its own layer has";
  EXPECT_EQ(content(root / "b/late"), "late");
  EXPECT_TRUE(fs::is_directory(root / "was-file"));
  EXPECT_EQ(content(root / "was-folder"), "now a file");
  EXPECT_EQ(fs::hard_link_count(root / "same"), 2U);
}

TEST_F(ImageStoreTest, NothingEscapes) {
  EXPECT_EQ(refused({TarWriter().file("../out", "x").bytes()}), Why::Broken);
  EXPECT_EQ(refused({TarWriter().file("a/../../out", "x").bytes()}), Why::Broken);
  EXPECT_EQ(refused({TarWriter().hard_link("l", "../../secret").bytes()}), Why::Broken);
  EXPECT_EQ(refused({TarWriter().hard_link("l", "not-there").bytes()}), Why::Broken);
  EXPECT_EQ(refused({TarWriter().file("a/.wh...", "").bytes()}), Why::Broken);
  EXPECT_EQ(refused({TarWriter().link("loop", "loop").file("loop/x", "").bytes()}), Why::Broken);

  TarWriter deep;
  deep.link("d", "a/a/a/a/a/a/a/a/a/a");
  std::string path = "a";
  for (int i = 0; i < 40; ++i) path += "/a";
  deep.file(path + "/f", "");
  EXPECT_TRUE(fs::exists(root_of({deep.bytes()}) / path / "f"));

  const fs::path victim = folder.path() / "victim";
  fs::create_directory(victim);
  std::ofstream(victim / "kept") << "kept";
  const std::string sneaky = TarWriter()
                                 .link("out", victim.native())
                                 .file("out/planted", "x")
                                 .file("/abs/file", "abs")
                                 .link("up", "../../../../../../../../etc")
                                 .file("up/planted-too", "x")
                                 .bytes();
  layout.tag(layout.image({sneaky}, Json::object()), "sneaky");
  const Taken image = taken(uri("sneaky"));
  EXPECT_FALSE(fs::exists(victim / "planted"));
  EXPECT_FALSE(fs::exists("/etc/planted-too"));
  EXPECT_FALSE(image) << "a link into nothing is no folder";
  const std::string removing = TarWriter().link("v", victim.native()).bytes();
  const fs::path root = root_of({removing, TarWriter().file("v/.wh.kept", "").file(".wh.v", "").bytes()});
  EXPECT_TRUE(fs::exists(victim / "kept"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(root / "v")));
}

TEST_F(ImageStoreTest, WhatIsMountedUponIsNoLink) {
  const std::string layer = TarWriter()
                                .link("proc", "/etc")
                                .link("dev", "..")
                                .file("tmp", "a file")
                                .link("etc", "/usr/etc")
                                .device("dev/null")
                                .bytes();
  // Nothing lies where dev/null's folder would be but the root: the device is left out.
  const fs::path root = root_of({layer});
  for (const char* name : {"proc", "dev", "tmp", "etc"})
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(root / name))) << name;
  EXPECT_FALSE(fs::exists(root / "null"));
  const fs::path linked =
      root_of({TarWriter().link("etc/resolv.conf", "../run/x").link("etc/hosts", "/a").bytes()});
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(linked / "etc/resolv.conf")));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(linked / "etc/hosts")));
}

TEST_F(ImageStoreTest, SizesAreBounded) {
  EXPECT_EQ(refused({TarWriter().file("big", std::string((1 << 20) + 1, 'x')).bytes()}), Why::TooLarge);
  const std::string half = TarWriter().file("a", std::string(400'000, 'x')).bytes();
  const std::string other = TarWriter().file("b", std::string(400'000, 'y')).bytes();
  const std::string third = TarWriter().file("c", std::string(400'000, 'z')).bytes();
  EXPECT_EQ(refused({half, other, third}), Why::TooLarge);
  options.limits.entries = 3;
  restart();
  EXPECT_EQ(refused({TarWriter().file("1", "").file("2", "").file("3", "").file("4", "").bytes()}),
            Why::TooLarge);
  EXPECT_EQ(refused({"no tar at all, but long enough to be looked at by whoever reads it"}), Why::Broken);
  EXPECT_TRUE(fs::is_empty(options.unpacked)) << "what was refused leaves nothing";
}

TEST_F(ImageStoreTest, CollectsWhatNobodyHolds) {
  const std::string shared = TarWriter().file("shared", "s").bytes();
  const fs::path first = root_of({shared, TarWriter().file("a", "1").bytes()});
  const fs::path second = root_of({shared, TarWriter().file("b", "2").bytes()});
  const std::string digest = held_[0]->digest;
  held_.erase(held_.begin());
  tasks.spawn("collect", collect(*images));
  run();
  EXPECT_FALSE(fs::exists(first));
  EXPECT_TRUE(fs::exists(second / "shared"));
  EXPECT_FALSE(images->open(digest));
  EXPECT_TRUE(fs::exists(options.kept / "blobs" / hex_encode(sha256(shared))));
  held_.clear();
  restart();  // nothing was opened again
  tasks.spawn("collect", collect(*images));
  run();
  EXPECT_TRUE(fs::is_empty(options.kept / "blobs"));
  EXPECT_TRUE(fs::is_empty(options.kept / "manifests"));
}

}  // namespace
}  // namespace aviary::host
