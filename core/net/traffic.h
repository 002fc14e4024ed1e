#pragma once

#include <QtGlobal>

#include <atomic>

namespace Quern::net {

/// Bytes that connections have carried, without what TLS adds. One thread writes, any thread reads.
struct Traffic
{
    std::atomic<quint64> received = 0;
    std::atomic<quint64> sent = 0;
};

} // namespace Quern::net
