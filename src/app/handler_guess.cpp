#include "app/handler_guess.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <optional>

namespace aviary::app {
namespace {

namespace fs = std::filesystem;

struct FamilyOfExtension {
  std::string_view extension;
  std::string_view family;
};
constexpr std::array families_by_extension{
    FamilyOfExtension{".py", "python"},  FamilyOfExtension{".js", "nodejs"},
    FamilyOfExtension{".mjs", "nodejs"}, FamilyOfExtension{".cjs", "nodejs"},
    FamilyOfExtension{".rb", "ruby"},    FamilyOfExtension{".jar", "java"},
    FamilyOfExtension{".zip", ""},
};

/// Newest first.
constexpr std::array known_runtimes{
    std::string_view{"python3.14"}, std::string_view{"python3.13"}, std::string_view{"python3.12"},
    std::string_view{"python3.11"}, std::string_view{"python3.10"}, std::string_view{"python3.9"},
    std::string_view{"python3.8"},  std::string_view{"nodejs24.x"}, std::string_view{"nodejs22.x"},
    std::string_view{"nodejs20.x"}, std::string_view{"nodejs18.x"}, std::string_view{"nodejs16.x"},
    std::string_view{"ruby3.4"},    std::string_view{"ruby3.3"},    std::string_view{"ruby3.2"},
    std::string_view{"java21"},     std::string_view{"java17"},     std::string_view{"provided.al2023"},
};

std::string source_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A project of Node.js begins where its package.json is.
fs::path node_root(const fs::path& file) {
  for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
    std::error_code ignored;
    if (fs::exists(folder / "package.json", ignored) || fs::is_directory(folder / "node_modules", ignored))
      return folder;
    if (folder == folder.parent_path()) return file.parent_path();
  }
}

bool word_at(std::string_view source, std::size_t at, std::string_view word) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const std::size_t end = at + word.size();
  return (at == 0 || !part(source[at - 1])) && (end == source.size() || !part(source[end]));
}

/// Whether a line that defines or exports something names `word`.
bool defines(std::string_view source, std::string_view word, const std::vector<std::string_view>& markers) {
  for (auto at = source.find(word); at != std::string_view::npos; at = source.find(word, at + 1)) {
    if (!word_at(source, at, word)) continue;
    const std::size_t line =
        source.rfind('\n', at) == std::string_view::npos ? 0 : source.rfind('\n', at) + 1;
    const std::string_view before = source.substr(line, at - line);
    for (const std::string_view marker : markers)
      if (before.find(marker) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string exported_handler(std::string_view family, std::string_view source) {
  std::vector<std::string_view> markers{"def "};
  if (family == "nodejs") markers = {"exports.", "exports[", "module.exports", "export "};
  for (const std::string_view name : {"handler", "lambda_handler", "lambdaHandler", "main"})
    if (defines(source, name, markers)) return std::string(name);
  return {};
}

HandlerGuess guess_handler(const fs::path& file, bool has_handler) {
  HandlerGuess guess;
  guess.folder = file.parent_path();
  const std::string extension = file.extension().string();
  if (extension == ".ts" || extension == ".mts" || extension == ".cts" || extension == ".java") {
    guess.problem = fmt::format("{} has to be compiled first", file.string());
    return guess;
  }
  std::optional<std::string> family;
  for (const FamilyOfExtension& known : families_by_extension)
    if (known.extension == extension) family = known.family;
  if (!family) {
    if (::access(file.c_str(), X_OK) != 0) {
      guess.problem = fmt::format(
          "{} is neither a source of a language that Lambda runs nor a program (chmod +x); --runtime says "
          "what it is",
          file.string());
      return guess;
    }
    guess.family = "provided";
    guess.handler = "bootstrap";
    return guess;
  }
  guess.family = *family;
  guess.packed = extension == ".zip" || extension == ".jar";
  if (guess.packed) {
    if (!has_handler) guess.problem = fmt::format("--handler has to say what {} is to run", file.string());
    return guess;
  }
  if (guess.family == "nodejs") guess.folder = node_root(file);
  fs::path module = file.lexically_relative(guess.folder);
  module.replace_extension();
  const std::string name = exported_handler(guess.family, source_of(file));
  if (name.empty() && !has_handler)
    guess.problem = fmt::format("{} exports nothing called handler; --handler {}.NAME says what to run",
                                file.string(), module.string());
  guess.handler = module.string() + '.' + name;
  return guess;
}

std::string best_runtime(std::string_view family, const std::function<bool(std::string_view)>& exact) {
  std::string newest;
  for (const std::string_view runtime : known_runtimes) {
    if (!runtime.starts_with(family)) continue;
    if (exact(runtime)) return std::string(runtime);
    if (newest.empty()) newest = runtime;
  }
  return newest;
}

}  // namespace aviary::app
