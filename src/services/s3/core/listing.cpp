#include "services/s3/core/listing.hpp"

namespace aviary::s3 {

std::string_view common_prefix(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty()) return {};
  const std::size_t at = key.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string_view{} : key.substr(0, at + delimiter.size());
}

Page list_page(const Bucket& bucket, const Wanted& wanted) {
  Page page;
  auto next = wanted.after.empty() || wanted.after < wanted.prefix ? bucket.objects.lower_bound(wanted.prefix)
                                                                   : bucket.objects.upper_bound(wanted.after);
  // A common prefix stands for all that begins with it.
  const std::string_view passed = common_prefix(wanted.after, wanted.prefix, wanted.delimiter);
  for (; next != bucket.objects.end() && next->first.starts_with(wanted.prefix); ++next) {
    const std::string_view key = next->first;
    const ObjectVersion& version = next->second.back();
    if (version.delete_marker) continue;
    const std::string_view common = common_prefix(key, wanted.prefix, wanted.delimiter);
    if (!common.empty() && ((!page.prefixes.empty() && page.prefixes.back() == common) ||
                            (passed == common && wanted.after == common)))
      continue;
    if (page.entries.size() + page.prefixes.size() == wanted.limit) {
      page.truncated = true;
      break;
    }
    if (common.empty()) {
      page.entries.push_back({key, &version});
      page.last = key;
    } else {
      page.prefixes.emplace_back(common);
      page.last = common;
    }
  }
  return page;
}

}  // namespace aviary::s3
