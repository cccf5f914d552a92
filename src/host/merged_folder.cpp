#include "host/merged_folder.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// What lay there before gives way, unless both are folders.
std::error_code place_entry(const fs::directory_entry& entry, const fs::path& target) {
  std::error_code problem;
  const fs::file_status is = entry.symlink_status(problem);
  if (problem) return problem;
  const fs::file_status was = fs::symlink_status(target, problem);
  problem.clear();
  if (fs::exists(was) && !(fs::is_directory(is) && fs::is_directory(was))) fs::remove_all(target, problem);
  if (problem) return problem;
  if (fs::is_directory(is)) {
    if (!fs::is_directory(was)) fs::create_directory(target, problem);
    // The owner can always go on to fill it.
    if (!problem) fs::permissions(target, is.permissions() | fs::perms::owner_all, problem);
  } else if (fs::is_symlink(is)) {
    fs::copy_symlink(entry.path(), target, problem);
  } else if (fs::is_regular_file(is)) {
    fs::create_hard_link(entry.path(), target, problem);
    if (problem) {
      problem.clear();
      fs::copy_file(entry.path(), target, problem);
    }
  }
  return problem;
}

std::error_code add_folder(const fs::path& folder, const fs::path& into) {
  std::error_code problem;
  fs::recursive_directory_iterator next(folder, problem);
  for (; !problem && next != fs::recursive_directory_iterator(); next.increment(problem)) {
    if (const std::error_code failed = place_entry(*next, into / next->path().lexically_relative(folder)))
      return failed;
  }
  return problem;
}

}  // namespace

std::error_code merge_folders(const std::vector<fs::path>& folders, const fs::path& into) {
  std::error_code problem;
  fs::create_directories(into.parent_path(), problem);
  if (!problem && !fs::create_directory(into, problem) && !problem)
    return std::make_error_code(std::errc::file_exists);
  for (auto folder = folders.begin(); !problem && folder != folders.end(); ++folder)
    problem = add_folder(*folder, into);
  if (problem) {
    std::error_code ignored;
    fs::remove_all(into, ignored);
  }
  return problem;
}

}  // namespace aviary::host
