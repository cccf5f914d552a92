#pragma once

#include <string>
#include <string_view>

namespace aviary {

/// MD5 as 16 raw bytes: not for secrets; SQS's checksums are made of it.
std::string md5(std::string_view bytes);

}  // namespace aviary
