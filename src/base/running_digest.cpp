#include "base/running_digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace aviary {
namespace {

/// `tables[n][byte]`: what the byte does to the remainder when `n` bytes follow it. Eight bytes are taken at
/// once ("slicing by 8"), as one at a time would be slower than the disk.
template <class Word>
using CrcTables = std::array<std::array<Word, 256>, 8>;

/// Of a reflected polynomial.
template <class Word>
constexpr CrcTables<Word> crc_tables(Word polynomial) {
  CrcTables<Word> tables{};
  for (std::size_t i = 0; i < 256; ++i) {
    Word value = static_cast<Word>(i);
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
    tables[0][i] = value;
  }
  for (std::size_t n = 1; n < tables.size(); ++n)
    for (std::size_t i = 0; i < 256; ++i) {
      const Word before = tables[n - 1][i];
      tables[n][i] = tables[0][before & 0xFF] ^ before >> 8;
    }
  return tables;
}

constexpr CrcTables<std::uint32_t> crc32_tables = crc_tables<std::uint32_t>(0xEDB88320);
constexpr CrcTables<std::uint32_t> crc32c_tables = crc_tables<std::uint32_t>(0x82F63B78);
constexpr CrcTables<std::uint64_t> crc64nvme_tables = crc_tables<std::uint64_t>(0x9A6C9329AC4BC9B5);

template <class Word>
Word crc_step(const CrcTables<Word>& tables, Word value, std::string_view bytes) {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    Word next = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[at + i]);
      const Word of_value = i < sizeof(Word) ? value >> (8 * i) & 0xFF : 0;
      next ^= tables[7 - i][(of_value ^ byte) & 0xFF];
    }
    value = next;
  }
  for (; at < bytes.size(); ++at)
    value = tables[0][(value ^ static_cast<unsigned char>(bytes[at])) & 0xFF] ^ value >> 8;
  return value;
}

template <class Word>
std::string big_endian(Word value) {
  std::string out(sizeof(Word), '\0');
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    out[i] = static_cast<char>(value >> (8 * (sizeof(Word) - 1 - i)) & 0xFF);
  return out;
}

const EVP_MD* algorithm_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::Md5:
      return EVP_md5();
    case DigestKind::Sha1:
      return EVP_sha1();
    case DigestKind::Sha256:
      return EVP_sha256();
    default:
      return nullptr;
  }
}

}  // namespace

struct RunningDigest::State {
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  DigestKind kind;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{};
  std::uint32_t narrow = ~std::uint32_t{0};
  std::uint64_t wide = ~std::uint64_t{0};
};

RunningDigest::RunningDigest(DigestKind kind) : state_(new State{.kind = kind}) {
  const EVP_MD* algorithm = algorithm_of(kind);
  if (algorithm == nullptr) return;
  state_->context.reset(EVP_MD_CTX_new());
  EVP_DigestInit_ex(state_->context.get(), algorithm, nullptr);
}
RunningDigest::~RunningDigest() = default;
RunningDigest::RunningDigest(RunningDigest&& other) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&& other) noexcept = default;

void RunningDigest::add(std::string_view bytes) {
  State& state = *state_;
  switch (state.kind) {
    case DigestKind::Crc32:
      state.narrow = crc_step(crc32_tables, state.narrow, bytes);
      break;
    case DigestKind::Crc32c:
      state.narrow = crc_step(crc32c_tables, state.narrow, bytes);
      break;
    case DigestKind::Crc64Nvme:
      state.wide = crc_step(crc64nvme_tables, state.wide, bytes);
      break;
    default:
      EVP_DigestUpdate(state.context.get(), bytes.data(), bytes.size());
      break;
  }
}

std::string RunningDigest::finish() {
  State& state = *state_;
  if (state.context) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(state.context.get(), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
  }
  return state.kind == DigestKind::Crc64Nvme ? big_endian(~state.wide) : big_endian(~state.narrow);
}

}  // namespace aviary
