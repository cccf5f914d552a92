#pragma once

#include <string_view>

#include "base/json.hpp"

/// Places in a document, as transformers name them: `outer.inner`, `list.0` or `list[0]`.
namespace aviary::logs {

/// Null if there is nothing.
OrderedJson* find_key(OrderedJson& root, std::string_view path);
/// Makes the objects on the way. What is there stays unless `overwrite`; what is in the way of an object,
/// too.
void put_key(OrderedJson& root, std::string_view path, OrderedJson value, bool overwrite);
/// True if something was there.
bool erase_key(OrderedJson& root, std::string_view path);

}  // namespace aviary::logs
