#pragma once

#include <locale.h>

namespace aviary::host {

/// libarchive converts names through the thread's locale. In the C locale it would refuse what is not ASCII.
class Utf8Names {
 public:
  Utf8Names() : mine_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (mine_ != nullptr) before_ = uselocale(mine_);
  }
  ~Utf8Names() {
    if (mine_ == nullptr) return;
    uselocale(before_);
    freelocale(mine_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t mine_;
  locale_t before_ = nullptr;
};

}  // namespace aviary::host
