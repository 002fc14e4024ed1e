#pragma once

#include <QHostAddress>

#include <chrono>
#include <deque>

namespace Quern::admin {

/// How long the answers to wrong tokens wait, by the client's address: from the first to the longest it doubles with
/// each, and a quiet time forgets them. Lives in any one thread.
class FailureDelays
{
public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds Shortest{100};
    static constexpr std::chrono::milliseconds Longest{5000};
    /// After so long without a failure the next one is the first.
    static constexpr std::chrono::seconds Memory{60};
    /// When there are more, the one whose last failure is the longest ago is forgotten.
    static constexpr std::size_t MostAddresses = 1024;

    /// Counts a failure of \a address and says how long it waits. Addresses of one IPv6 network (/64) are one.
    std::chrono::milliseconds add(const QHostAddress &address, Time now);

    std::size_t size() const { return m_records.size(); }

private:
    struct Record
    {
        QHostAddress address;
        std::chrono::milliseconds delay{0};
        Time last;
    };

    std::deque<Record> m_records; ///< by the time of the last failure, the latest behind
};

} // namespace Quern::admin
