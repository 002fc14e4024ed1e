#pragma once

#include "net/openssl.h"
#include "net/tlscontext.h"

#include <QByteArray>
#include <QByteArrayView>

#include <sys/types.h>

namespace Quern::net {

/// TLS on the descriptor of a Connection, as the server. Whatever was received from the kernel has gone through OpenSSL
/// when a call returns, or holdsInput() tells that it has not: the loop, which sees the kernel alone, forgets nothing.
/// Lives in the thread of its connection.
class TlsStream
{
public:
    /// One turn of the loop encrypts this much at most, in bytes: about a millisecond's work.
    static constexpr qsizetype MaxTurn = 512 * 1024;

    enum class Outcome : quint8 {
        Nothing,
        Established, ///< the handshake is done; once
        Bytes,
        Ended,     ///< the peer closed its side
        Truncated, ///< the peer's bytes ended without its saying so: more may have been meant to come
        Broken,    ///< see failure()
    };

    struct Received
    {
        Outcome outcome;
        QByteArrayView bytes; ///< until the next call for any stream of this thread
    };

    /// The caller keeps \a fd open as long as this lives.
    TlsStream(std::shared_ptr<const TlsContext> context, int fd);
    Q_DISABLE_COPY_MOVE(TlsStream)

    /// One turn of reading: takes some bytes of the kernel, unless holdsInput(), and tells one thing.
    Received receive();
    /// receive() has more to tell, without the kernel's doing.
    bool holdsInput() const { return holdsBytes() || m_end != Outcome::Nothing; }
    bool holdsBytes() const { return !m_held.isEmpty(); }

    bool isHandshaking() const { return !m_isEstablished; }
    /// Whether write() makes sense now.
    bool canWrite() const { return m_isEstablished && !m_writeNeedsInput && m_unsent.isEmpty(); }
    /// As send() does: how many bytes have gone to the kernel, or -1 and errno. What is left is given again next time,
    /// from its first byte on; more may stand behind it.
    ssize_t write(QByteArrayView bytes, QByteArrayView more, bool fileFollows);
    /// The same for bytes of a file, as sendfile() does: 0 if it ends at \a offset.
    ssize_t sendFile(int file, quint64 offset, quint64 length);

    /// Records of TLS itself that wait for the kernel to have room.
    bool hasUnsent() const { return !m_unsent.isEmpty(); }
    /// Sends of them what the kernel takes. False if the connection is broken.
    bool flush();

    /// Tells the peer that no more comes, and has it read the end once that has left. \a isComplete: all output has
    /// gone; otherwise the peer is to notice that some is missing.
    void endOutput(bool isComplete);
    /// Tells the peer that it has had all, if there is room to say so: the descriptor is closed next.
    void sayGoodbye();
    /// Nothing is told any more.
    void skipGoodbye() { m_isOutputEnded = true; }

    const SSL *ssl() const { return m_ssl.get(); }
    /// Why it is broken, for a log; empty before.
    const QString &failure() const { return m_failure; }

private:
    friend struct StreamBio;

    Received shakeHands();
    Received decrypt();
    Received fail(const QString &failure);
    ssize_t encrypt(QByteArrayView record);
    ssize_t take(char *bytes, size_t size);
    ssize_t put(const char *bytes, size_t size);
    QString reason(int result) const;

    std::shared_ptr<const TlsContext> m_context; ///< outlives m_ssl, which calls it
    SslHandle m_ssl;
    int m_fd;
    int m_errno = 0; ///< of the last system call that failed for good
    Outcome m_end = Outcome::Nothing;
    bool m_isEstablished = false;
    bool m_isWriting = false;       ///< within encrypt()
    bool m_isMoreComing = false;    ///< MSG_MORE
    bool m_writeNeedsInput = false; ///< TLS has to hear from the peer before more can be written
    bool m_isOutputEnded = false;
    bool m_endsWhenSent = false;
    QByteArrayView m_input; ///< received and not read by OpenSSL; within receive()
    QByteArray m_held;      ///< the same between two calls
    QByteArray m_unsent;
    QString m_failure;
};

} // namespace Quern::net
