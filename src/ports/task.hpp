#pragma once

#include <boost/asio/awaitable.hpp>

namespace aviary {

/// A coroutine on the loop that owns all state. See docs/architecture.md for the traps of GCC 12: parameters
/// by value (or references to what outlives the loop), no capturing lambda as a coroutine, no temporary with
/// a destructor inside a `co_await` expression.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace aviary
