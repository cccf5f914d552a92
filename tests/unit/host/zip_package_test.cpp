#include "host/zip_package.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>
#include <sstream>

#include "host/zip_plan.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip_writer.hpp"

namespace aviary::host {
namespace {

using testing::ZipMember;
using testing::ZipWriter;

constexpr CodeLimits lambda_limits;

/// A raw deflate stream, as zips have it.
std::string deflated(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

ZipMember deflated_member(std::string name, const std::string& text) {
  return {.name = std::move(name),
          .content = deflated(text),
          .method = 8,
          .crc = testing::zip_crc(text),
          .unpacked_size = static_cast<std::uint32_t>(text.size())};
}

struct ZipPackage : ::testing::Test {
  testing::TemporaryFolder folder;

  /// Checking and unpacking must be of one mind.
  UnzippedSize both(const std::string& zip, const CodeLimits& limits = lambda_limits) {
    const auto checked = check_zip(zip, limits);
    const auto target = folder.path() / "package";
    std::filesystem::remove_all(target);
    std::filesystem::create_directory(target);
    const auto unpacked = unpack_zip(zip, target, limits);
    EXPECT_EQ(checked.has_value(), unpacked.has_value());
    if (checked && unpacked) {
      EXPECT_EQ(*checked, *unpacked);
    }
    if (!checked && !unpacked) {
      EXPECT_EQ(checked.error(), unpacked.error());
    }
    return checked;
  }
  void refused(const ZipWriter& zip, CodeProblem problem, const CodeLimits& limits = lambda_limits) {
    const auto result = both(zip.bytes(), limits);
    ASSERT_FALSE(result.has_value()) << found();
    EXPECT_EQ(static_cast<int>(result.error()), static_cast<int>(problem));
  }
  /// What was unpacked, for messages.
  std::string found() {
    std::string names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "package"))
      names += entry.path().lexically_relative(folder.path() / "package").native() + ' ';
    return names;
  }
  std::string content(const std::string& path) {
    std::ifstream file(folder.path() / "package" / path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  unsigned mode(const std::string& path) {
    struct stat found {};
    return ::lstat((folder.path() / "package" / path).c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
  }
};

TEST_F(ZipPackage, UnpacksFilesFoldersAndModes) {
  const mode_t before = ::umask(077);
  const auto size = both(ZipWriter{}
                             .file("index.py", "def handler(): pass\n")
                             .file("bin/tool", "#!/bin/sh\n", 0755)
                             .file("bootstrap", "#!/bin/sh\n", 0644)
                             .file("secret", "x", 0600)
                             .file("open", "x", 0777)
                             .folder("empty", 0700)
                             .add({.name = "from-dos.txt", .content = "dos", .made_on = 0})
                             .add({.name = "no-mode.txt", .content = "none", .mode = 0})
                             .bytes());
  ::umask(before);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 20U + 10 + 10 + 1 + 1 + 3 + 4);
  EXPECT_EQ(content("index.py"), "def handler(): pass\n");
  EXPECT_EQ(mode("index.py"), 0644U);
  EXPECT_EQ(mode("bin"), 0755U) << "implied, and the umask has no say";
  EXPECT_EQ(mode("bin/tool"), 0755U);
  EXPECT_EQ(mode("bootstrap"), 0644U) << "Lambda then says: permission denied";
  EXPECT_EQ(mode("secret"), 0600U) << "Lambda then says: EACCES";
  EXPECT_EQ(mode("open"), 0755U) << "nobody else may write";
  EXPECT_EQ(mode("empty"), 0755U);
  EXPECT_EQ(mode("from-dos.txt"), 0644U);
  EXPECT_EQ(mode("no-mode.txt"), 0644U);
}

TEST_F(ZipPackage, InflatesAndProvesSizeAndChecksum) {
  const std::string text(3'000'000, 'a');
  const auto size = both(ZipWriter{}.add(deflated_member("big.txt", text)).bytes());
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, text.size());
  EXPECT_EQ(content("big.txt"), text);
}

TEST_F(ZipPackage, CodingsThatClaimMemoryAtWillAreRefused) {
  // LZMA with a dictionary of 2 GiB, in a file of twenty bytes.
  const std::string lzma("\x09\x04\x05\x00\x5d\x00\x00\x00\x80\x00\x34\x19\x49\xee\x8d\xe9\x5a\x55\x76\x2e",
                         20);
  for (const std::uint16_t method : {1, 6, 9, 12, 14, 93, 95, 98, 99, 200})
    refused(ZipWriter{}.add({.name = "a", .content = lzma, .method = method}), CodeProblem::NotAZip);
}

TEST_F(ZipPackage, NamesInAnyScriptKeepTheirBytes) {
  ASSERT_TRUE(both(ZipWriter{}.file("größe/日本.py", "1").bytes()));
  EXPECT_EQ(content("größe/日本.py"), "1");
  ASSERT_TRUE(both(ZipWriter{}.add({.name = "caf\xc3\xa9.py", .content = "2", .flags = 0}).bytes()));
  EXPECT_EQ(content("caf\xc3\xa9.py"), "2") << "zip(1) on Linux does not set the flag";
}

TEST_F(ZipPackage, EmptyIsAProblemOfItsOwn) {
  EXPECT_EQ(both("").error(), CodeProblem::Empty);
  refused(ZipWriter{}, CodeProblem::Empty);
}

TEST_F(ZipPackage, WhatIsNoZipIsRefused) {
  EXPECT_EQ(both("test zip file").error(), CodeProblem::NotAZip);
  EXPECT_EQ(both(std::string(100000, '\0')).error(), CodeProblem::NotAZip);
  EXPECT_EQ(both("PK\x03\x04").error(), CodeProblem::NotAZip);
}

TEST_F(ZipPackage, EveryTruncationIsRefused) {
  const std::string zip =
      ZipWriter{}.file("a.py", "print(1)").add(deflated_member("b.py", "print(2)")).bytes();
  ASSERT_TRUE(both(zip));
  for (std::size_t length = 1; length < zip.size(); ++length)
    EXPECT_FALSE(check_zip(zip.substr(0, length), lambda_limits)) << length;
}

TEST_F(ZipPackage, AWrongChecksumIsRefused) {
  refused(ZipWriter{}.add({.name = "a", .content = "hello", .crc = 1}), CodeProblem::NotAZip);
  auto member = deflated_member("a", "hello hello hello");
  member.crc = 1;
  refused(ZipWriter{}.add(member), CodeProblem::NotAZip);
}

TEST_F(ZipPackage, AWrongSizeIsRefused) {
  auto more = deflated_member("a", std::string(1000, 'x'));
  more.unpacked_size = 999;
  refused(ZipWriter{}.add(more), CodeProblem::NotAZip);
  auto less = deflated_member("a", std::string(1000, 'x'));
  less.unpacked_size = 1001;
  refused(ZipWriter{}.add(less), CodeProblem::NotAZip);
}

TEST_F(ZipPackage, EncryptedIsRefused) {
  refused(ZipWriter{}.add({.name = "a", .content = std::string(40, 'x'), .flags = 1}), CodeProblem::NotAZip);
}

TEST_F(ZipPackage, PathsThatLeaveAreRefused) {
  for (const std::string path :
       {"../a", "a/../../b", "a/..", "..", "/etc/passwd", "//a", "a\\..\\..\\b", "..\\a"})
    refused(ZipWriter{}.file("fine.py", "1").file(path, "evil"), CodeProblem::UnsafePath);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "b"));
}

TEST_F(ZipPackage, ANulEndsANameAndCannotHideAPath) {
  ASSERT_TRUE(both(ZipWriter{}.file(std::string("a\0/../../b", 10), "1").bytes()));
  EXPECT_EQ(content("a"), "1");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "b"));
  refused(ZipWriter{}.file(std::string("..\0a", 4), "1"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, NamesTooLongForLinuxAreRefused) {
  refused(ZipWriter{}.file(std::string(256, 'n'), "1"), CodeProblem::UnsafePath);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "dir/";
  refused(ZipWriter{}.file(deep + "a", "1"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, RedundantSlashesAndDotsAreCleaned) {
  ASSERT_TRUE(both(ZipWriter{}.folder(".").file("./a//b.py", "1").bytes()));
  EXPECT_EQ(content("a/b.py"), "1");
}

TEST_F(ZipPackage, BackslashesOfWindowsSeparateFolders) {
  ASSERT_TRUE(both(ZipWriter{}.file("C:\\dir\\a.py", "1").bytes()));
  EXPECT_EQ(content("C:/dir/a.py"), "1");
  refused(ZipWriter{}.file("dir/..\\..\\..\\a", "1"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, APipeIsAFile) {
  // zip(1) records one for what it read from a pipe.
  ASSERT_TRUE(both(ZipWriter{}.add({.name = "piped", .content = "1", .mode = 0010644}).bytes()));
  EXPECT_TRUE(std::filesystem::is_regular_file(folder.path() / "package/piped"));
}

TEST_F(ZipPackage, DevicesAndSocketsAreRefused) {
  for (const std::uint32_t type : {0020000U, 0060000U, 0140000U})
    refused(ZipWriter{}.add({.name = "node", .mode = type | 0666}), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, ALinkInsideIsKept) {
  ASSERT_TRUE(both(ZipWriter{}
                       .file("lib/real.so.1", "elf")
                       .link("lib/real.so", "real.so.1")
                       .link("bin", "./lib/../lib")
                       .link("dangling", "nothing/here")
                       .bytes()));
  EXPECT_EQ(std::filesystem::read_symlink(folder.path() / "package/lib/real.so"), "real.so.1");
  EXPECT_EQ(content("lib/real.so"), "elf");
  EXPECT_EQ(content("bin/real.so.1"), "elf");
}

TEST_F(ZipPackage, ALinkThatLeavesIsRefused) {
  for (const std::string target : {"/etc/passwd", "..", "../x", "a/../..", "/var/task/a", ""})
    refused(ZipWriter{}.file("a/file", "1").link("out", target), CodeProblem::UnsafePath);
  refused(ZipWriter{}.link("a/b/out", "../../.."), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, ALinkThatLeavesByWayOfAnotherIsRefused) {
  // "x/y/up/.." looks like "x/y"; the kernel, which follows "up" first, ends above the folder.
  refused(ZipWriter{}.file("x/y/file", "1").link("x/y/up", "../..").link("out", "x/y/up/.."),
          CodeProblem::UnsafePath);
  refused(ZipWriter{}.link("a", "b").link("b", "a"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, NothingIsWrittenThroughALink) {
  refused(ZipWriter{}.folder("real").link("link", "real").file("link/evil", "1"), CodeProblem::UnsafePath);
  refused(ZipWriter{}.file("link/evil", "1").link("link", "real"), CodeProblem::UnsafePath);
  refused(ZipWriter{}.link("link", "real").file("link", "1"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, AFileIsNoFolder) {
  refused(ZipWriter{}.file("a", "1").file("a/b", "2"), CodeProblem::UnsafePath);
  refused(ZipWriter{}.file("a/b", "2").file("a", "1"), CodeProblem::UnsafePath);
}

TEST_F(ZipPackage, OfTwoFilesOfOneNameTheLaterCounts) {
  ASSERT_TRUE(both(ZipWriter{}.file("a.py", "first", 0444).file("a.py", "second").bytes()));
  EXPECT_EQ(content("a.py"), "second");
}

TEST_F(ZipPackage, TheLimitCountsWhatIsDeclaredBeforeAnythingIsUnpacked) {
  // Lambda: "Unzipped size must be smaller than 262144000 bytes". A claim is enough; the content is never
  // looked at.
  auto claims = deflated_member("a", "tiny");
  claims.unpacked_size = 262144001;
  refused(ZipWriter{}.add(claims), CodeProblem::TooLarge);
  ZipWriter many;
  for (int i = 0; i < 300; ++i) {
    auto part = deflated_member("part" + std::to_string(i), "tiny");
    part.unpacked_size = 1U << 20;
    many.add(part);
  }
  refused(many, CodeProblem::TooLarge);
}

TEST_F(ZipPackage, TheLimitCountsWhatReallyComesOut) {
  const CodeLimits small{.unzipped_bytes = 1000};
  auto lies = deflated_member("bomb", std::string(5'000'000, '\0'));
  lies.unpacked_size = 10;
  const auto result = both(ZipWriter{}.add(lies).bytes(), small);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error() == CodeProblem::TooLarge || result.error() == CodeProblem::NotAZip);
  std::uintmax_t written = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "package"))
    written += entry.file_size();
  EXPECT_LE(written, 1000U);
  EXPECT_TRUE(both(ZipWriter{}.file("a", std::string(1000, 'x')).bytes(), small));
  refused(ZipWriter{}.file("a", std::string(1001, 'x')), CodeProblem::TooLarge, small);
}

TEST_F(ZipPackage, TheNumberOfEntriesIsBounded) {
  const CodeLimits few{.entries = 10};
  ZipWriter zip;
  for (int i = 0; i < 10; ++i) zip.file("f" + std::to_string(i), "");
  EXPECT_TRUE(both(zip.bytes(), few));
  zip.file("one more", "");
  refused(zip, CodeProblem::TooLarge, few);
}

TEST_F(ZipPackage, AFolderThatCannotBeWrittenIsAProblemOfTheDisk) {
  const auto result =
      unpack_zip(ZipWriter{}.file("a", "1").bytes(), folder.path() / "missing", lambda_limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), CodeProblem::Disk);
}

}  // namespace
}  // namespace aviary::host
