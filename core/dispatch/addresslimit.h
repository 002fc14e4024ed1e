#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>
#include <QMutex>

#include <arpa/inet.h>

namespace Quern::dispatch {

/// How many connections one client address has, over all reactors. Any thread.
class AddressLimit
{
public:
    /// \a limit connections an address; 0: no limit, and nothing is counted.
    explicit AddressLimit(int limit) : m_limit(limit) {}

    int limit() const { return m_limit; }
    /// False if \a address has as many as it may. What is taken has to be given back.
    bool take(QByteArrayView address)
    {
        if (m_limit == 0)
            return true;
        const QMutexLocker lock(&m_mutex);
        int &count = m_counts[keyOf(address)];
        if (count >= m_limit)
            return false;
        ++count;
        return true;
    }
    void give(QByteArrayView address)
    {
        if (m_limit == 0)
            return;
        const QMutexLocker lock(&m_mutex);
        const auto found = m_counts.find(keyOf(address));
        if (found != m_counts.end() && --*found <= 0)
            m_counts.erase(found);
    }

private:
    /// One customer has a whole IPv6 network of 64 bits, and all its addresses.
    static QByteArray keyOf(QByteArrayView address)
    {
        const QByteArray text = address.toByteArray();
        in6_addr binary = {};
        if (!text.contains(':') || ::inet_pton(AF_INET6, text.constData(), &binary) != 1)
            return text;
        return QByteArray(reinterpret_cast<const char *>(&binary), 8);
    }

    const int m_limit;
    QMutex m_mutex;
    QHash<QByteArray, int> m_counts;
};

} // namespace Quern::dispatch
