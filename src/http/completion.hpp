#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace aviary::http {

/// What I/O is awaited with: its error is a value beside its result.
inline constexpr auto tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace aviary::http
