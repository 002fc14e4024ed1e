#pragma once

#include "base/clock.h"

#include <QByteArrayView>

#include <array>
#include <chrono>
#include <mutex>
#include <optional>

struct ssl_ctx_st;

namespace Quern::net {

/// The keys that session tickets (RFC 5077, RFC 8446 §4.6.1) are sealed with. They outlive every TlsContext, so that a
/// client resumes its session with any reactor, and after the certificates were changed. A key seals for half a day and
/// opens for as long again: who steals the keys reads no older sessions of TLS 1.2. They never leave the memory. Any
/// thread.
class TlsTicketKeys
{
public:
    static constexpr std::chrono::hours SealingTime{12};

    struct Key
    {
        std::array<unsigned char, 16> name; ///< stands in the ticket, for everybody to see
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
        base::MonotonicTime since;
        bool isCurrent; ///< it seals new tickets; otherwise its tickets are to be replaced
    };

    TlsTicketKeys() = default;
    ~TlsTicketKeys();
    Q_DISABLE_COPY_MOVE(TlsTicketKeys)

    /// Has all tickets of \a context be sealed with the keys that the whole process shares.
    static void useFor(ssl_ctx_st *context);

    /// Seals a ticket at \a now. Nothing if the system has no random numbers.
    std::optional<Key> current(base::MonotonicTime now);
    /// Opens tickets that bear \a name. Nothing if it was never there, or is too old.
    std::optional<Key> find(QByteArrayView name, base::MonotonicTime now);

private:
    void expire(base::MonotonicTime now);

    std::mutex m_mutex;
    std::optional<Key> m_current;
    std::optional<Key> m_previous;
};

} // namespace Quern::net
