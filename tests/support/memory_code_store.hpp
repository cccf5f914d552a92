#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/encoding.hpp"
#include "ports/code_store.hpp"

namespace aviary::testing {

/// Packages in memory. Takes whatever begins with `PK` for a zip, and calls its size its unzipped size,
/// unless told otherwise.
class MemoryCodeStore final : public CodeStore {
 public:
  Task<Result<CodeHandle>> store(std::string zip) override {
    ++stores;
    if (!zip.starts_with("PK")) co_return CodeProblem::NotAZip;
    const std::string digest = base64_encode(sha256(zip));
    std::uint64_t unzipped = zip.size();
    if (unzipped_size != 0) unzipped = unzipped_size;
    if (unzipped > CodeLimits{}.unzipped_bytes) co_return CodeProblem::TooLarge;
    Kept& kept = packages_[digest];
    CodeHandle handle = kept.handle.lock();
    if (!handle) {
      handle = std::make_shared<const CodeBlob>(CodeBlob{digest, zip.size(), unzipped});
      kept = {.handle = handle, .bytes = std::move(zip)};
    }
    co_return handle;
  }
  CodeHandle open(std::string_view digest) override {
    const auto found = packages_.find(std::string(digest));
    if (found == packages_.end()) return nullptr;
    CodeHandle handle = found->second.handle.lock();
    if (!handle) {
      const std::string& bytes = found->second.bytes;
      handle = std::make_shared<const CodeBlob>(CodeBlob{found->first, bytes.size(), bytes.size()});
      found->second.handle = handle;
    }
    return handle;
  }
  Task<Result<std::filesystem::path>> unpacked(CodeHandle) override { co_return CodeProblem::Gone; }
  Task<Result<std::string>> bytes(CodeHandle code) override {
    const auto found = packages_.find(code->digest);
    if (found == packages_.end()) co_return CodeProblem::Gone;
    std::string copy = found->second.bytes;
    co_return copy;
  }
  Task<> collect() override {
    std::erase_if(packages_, [](const auto& entry) { return entry.second.handle.expired(); });
    co_return;
  }

  std::size_t size() const { return packages_.size(); }

  std::size_t stores = 0;
  std::uint64_t unzipped_size = 0;  ///< what the next package claims, when not 0

 private:
  struct Kept {
    std::weak_ptr<const CodeBlob> handle;
    std::string bytes;
  };
  std::map<std::string, Kept> packages_;
};

}  // namespace aviary::testing
