#include "host/zip_plan.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace aviary::host {
namespace {

constexpr std::size_t longest_name = 255;
/// Linux allows 4096 with the NUL; the folder that it is unpacked to needs its part.
constexpr std::size_t longest_path = 3500;
constexpr int most_hops = 40;  // as many links as the kernel follows in one path
/// Of all links of one zip together: bounds what a zip made of nothing but links can cost.
constexpr std::size_t most_steps = 5'000'000;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string join(const std::vector<std::string_view>& parts) {
  std::string path;
  for (const std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

using Items = std::map<std::string, ZipPlan::Item>;

/// False if something of another kind is already there, or lies where a folder must be.
bool place(Items& items, const std::string& path, ZipPlan::Item item) {
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const auto [parent, made] = items.try_emplace(path.substr(0, end));
    if (parent->second.kind != ZipEntry::Kind::Folder) return false;
  }
  const auto kind = item.kind;
  const auto [there, fresh] = items.try_emplace(path, std::move(item));
  // A file listed twice is two versions of one file, and unzip keeps the later one; the same goes for
  // folders.
  return fresh || (there->second.kind == kind && kind != ZipEntry::Kind::Link);
}

/// Walks the target as the kernel would, from the folder that the link is in.
bool stays_inside(const Items& items, const std::string& link, const std::string& target,
                  std::size_t& steps) {
  std::vector<std::string_view> at = split(link);
  at.pop_back();
  std::deque<std::string_view> ahead;
  const auto follow = [&](std::string_view to) {
    if (to.empty() || to.front() == '/' || to.size() > longest_path) return false;
    const auto parts = split(to);
    steps += parts.size();
    ahead.insert(ahead.begin(), parts.begin(), parts.end());
    return steps < most_steps;
  };
  if (!follow(target)) return false;
  int hops = 0;
  while (!ahead.empty()) {
    const std::string_view part = ahead.front();
    ahead.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (at.empty()) return false;
      at.pop_back();
      continue;
    }
    at.push_back(part);
    const auto met = items.find(join(at));
    if (met == items.end() || met->second.kind != ZipEntry::Kind::Link) continue;
    at.pop_back();
    if (++hops > most_hops || !follow(met->second.link_target)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> clean_zip_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\\') != std::string_view::npos) return {};
  if (path.find('\0') != std::string_view::npos) return {};
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path)) {
    if (part == "..") return {};
    if (part.size() > longest_name) return {};
    if (part != ".") parts.push_back(part);
  }
  std::string clean = join(parts);
  if (clean.size() > longest_path) return {};
  return clean;
}

boost::system::result<ZipPlan, CodeProblem> plan_zip(std::string_view zip, const CodeLimits& limits) {
  // Nothing at all, or a zip that begins with the record that ends it.
  if (zip.empty() || zip.starts_with("PK\x05\x06")) return CodeProblem::Empty;
  ZipPlan plan;
  ZipReader reader(zip);
  ZipEntry entry;
  std::uint64_t entries = 0;
  auto step = ZipReader::Step::Ready;
  while ((step = reader.next(entry)) == ZipReader::Step::Ready) {
    if (++entries > limits.entries) return CodeProblem::TooLarge;
    if (entry.encrypted || !entry.plain_coding) return CodeProblem::NotAZip;
    if (entry.kind == ZipEntry::Kind::Other) return CodeProblem::UnsafePath;
    const auto path = clean_zip_path(entry.path);
    if (!path) return CodeProblem::UnsafePath;
    plan.declared_bytes += std::min(entry.declared_size.value_or(0), limits.unzipped_bytes + 1);
    if (plan.declared_bytes > limits.unzipped_bytes) return CodeProblem::TooLarge;
    if (path->empty() && entry.kind == ZipEntry::Kind::Folder) continue;
    if (path->empty() || !place(plan.items, *path, {entry.kind, entry.link_target}))
      return CodeProblem::UnsafePath;
  }
  if (step == ZipReader::Step::Broken) return CodeProblem::NotAZip;
  std::size_t steps = 0;
  for (const auto& [path, item] : plan.items) {
    if (item.kind == ZipEntry::Kind::Link && !stays_inside(plan.items, path, item.link_target, steps))
      return CodeProblem::UnsafePath;
  }
  return plan;
}

}  // namespace aviary::host
