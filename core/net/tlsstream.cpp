#include "net/tlsstream.h"

#include "base/clock.h"
#include "net/socketaddress.h"

#include <QLoggingCategory>

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace Quern::net {

Q_DECLARE_LOGGING_CATEGORY(logNet)

namespace {

constexpr qsizetype receiveSize = 64 * 1024;
/// A record of TLS is no longer; each write makes one.
constexpr qsizetype recordSize = SSL3_RT_MAX_PLAIN_LENGTH;
/// Records of TLS itself that may wait for a peer that does not read: in the handshake, the longest chain of
/// certificates fits; afterwards, only a peer that provokes alerts makes more than a few.
constexpr qsizetype maxUnsentHandshake = 1536 * 1024;
constexpr qsizetype maxUnsent = 16 * 1024;

/// They serve all connections of a thread.
struct Buffers
{
    char received[receiveSize];
    /// What was received, and the part of a record that had come before.
    char decrypted[receiveSize + SSL3_RT_MAX_PACKET_SIZE];
    char record[recordSize];
};

Buffers &buffers()
{
    thread_local const std::unique_ptr<Buffers> buffers(new Buffers);
    return *buffers;
}

bool isTransient(int errorNumber)
{
    return errorNumber == EAGAIN || errorNumber == EINTR;
}

/// Anybody can make handshakes fail: what is told of them is bounded. That a client just goes away is nobody's mistake.
void tellOfFailedHandshake(int fd, const QString &failure, bool isMistake)
{
    constexpr std::chrono::seconds pause{10};
    thread_local base::MonotonicTime told = base::MonotonicTime::min();
    thread_local int untold = 0;
    const base::MonotonicTime now = base::coarseNow();
    const bool isTime = isMistake && (told == base::MonotonicTime::min() || now - told >= pause);
    if (isMistake && !isTime)
        ++untold;
    if (!isTime && !logNet().isDebugEnabled())
        return;
    SocketAddress address;
    socklen_t length = SocketAddress::Capacity;
    if (::getpeername(fd, address.data(), &length) == 0)
        address.setLength(length);
    const Peer peer = address.peer();
    const QString client = peer.address[0] ? QString::fromLatin1(peer.address) : QStringLiteral("a Unix socket");
    if (isTime) {
        told = now;
        const QString others =
            untold ? QStringLiteral("; %1 more have failed since the last such line").arg(untold) : QString();
        untold = 0;
        qCWarning(logNet).noquote() << QStringLiteral("TLS handshake with %1: %2%3").arg(client, failure, others);
    } else {
        qCDebug(logNet).noquote() << QStringLiteral("TLS handshake with %1: %2").arg(client, failure);
    }
}

} // namespace

/// What OpenSSL reads from and writes to. Its own socket BIO would raise SIGPIPE, and reads each record in two calls.
struct StreamBio
{
    static TlsStream *stream(BIO *bio) { return static_cast<TlsStream *>(BIO_get_data(bio)); }

    static int read(BIO *bio, char *bytes, int size)
    {
        BIO_clear_retry_flags(bio);
        const ssize_t count = stream(bio)->take(bytes, size_t(size));
        if (count < 0)
            BIO_set_retry_read(bio);
        return int(count);
    }

    static int write(BIO *bio, const char *bytes, int size)
    {
        BIO_clear_retry_flags(bio);
        const ssize_t count = stream(bio)->put(bytes, size_t(size));
        if (count < 0 && isTransient(errno))
            BIO_set_retry_write(bio);
        return int(count);
    }

    static long control(BIO *, int command, long, void *) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static const BIO_METHOD *method()
    {
        static const BIO_METHOD *const method = [] {
            BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
            BIO_meth_set_read(made, read);
            BIO_meth_set_write(made, write);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return method;
    }
};

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, int fd)
    : m_context(std::move(context))
    , m_ssl(m_context->newServer())
    , m_fd(fd)
{
    BIO *bio = m_ssl ? BIO_new(StreamBio::method()) : nullptr;
    if (!bio) {
        m_failure = QStringLiteral("memory has run out");
        return;
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(m_ssl.get(), bio, bio);
    SSL_set_accept_state(m_ssl.get());
}

ssize_t TlsStream::take(char *bytes, size_t size)
{
    const qsizetype count = qMin(qsizetype(size), m_input.size());
    if (count == 0)
        return -1;
    std::memcpy(bytes, m_input.data(), size_t(count));
    m_input = m_input.sliced(count);
    return count;
}

ssize_t TlsStream::put(const char *bytes, size_t size)
{
    ssize_t count = -1;
    errno = EAGAIN;
    if (m_unsent.isEmpty())
        count = ::send(m_fd, bytes, size, MSG_NOSIGNAL | (m_isMoreComing ? MSG_MORE : 0));
    if (count < 0 && !isTransient(errno))
        m_errno = errno;
    if (count == ssize_t(size) || m_isWriting || (count < 0 && !isTransient(errno)))
        return count;
    // What TLS itself has to say is taken in any case, so that nothing but output ever waits within OpenSSL.
    const QByteArrayView rest = QByteArrayView(bytes, qsizetype(size)).sliced(qMax<qsizetype>(count, 0));
    if (m_unsent.size() + rest.size() > (m_isEstablished ? maxUnsent : maxUnsentHandshake)) {
        errno = m_errno = ENOBUFS;
        return -1;
    }
    m_unsent.append(rest);
    return ssize_t(size);
}

TlsStream::Received TlsStream::receive()
{
    if (!m_failure.isEmpty())
        return {Outcome::Broken, {}};
    if (m_end != Outcome::Nothing)
        return {std::exchange(m_end, Outcome::Nothing), {}};
    const QByteArray held = std::exchange(m_held, {});
    m_input = held;
    if (held.isEmpty()) {
        char *buffer = buffers().received;
        const ssize_t count = ::recv(m_fd, buffer, size_t(receiveSize), 0);
        if (count < 0) {
            m_errno = errno;
            return isTransient(m_errno) ? Received{Outcome::Nothing, {}} : fail(reason(-1));
        }
        if (count == 0 && m_isEstablished)
            return {Outcome::Truncated, {}};
        if (count == 0) {
            const QString failure = QStringLiteral("the client went away");
            tellOfFailedHandshake(m_fd, failure, false);
            return fail(failure);
        }
        m_input = QByteArrayView(buffer, qsizetype(count));
    }
    m_writeNeedsInput = false;
    ERR_clear_error();
    const Received received = m_isEstablished ? decrypt() : shakeHands();
    if (!m_input.isEmpty() && m_failure.isEmpty())
        m_held = m_input.toByteArray();
    m_input = {};
    return received;
}

TlsStream::Received TlsStream::shakeHands()
{
    const int result = SSL_do_handshake(m_ssl.get());
    if (result != 1) {
        if (SSL_get_error(m_ssl.get(), result) == SSL_ERROR_WANT_READ)
            return {Outcome::Nothing, {}};
        const bool isMistake = SSL_get_error(m_ssl.get(), result) == SSL_ERROR_SSL;
        const QString failure = reason(result);
        tellOfFailedHandshake(m_fd, failure, isMistake);
        return fail(failure);
    }
    m_isEstablished = true;
    return {Outcome::Established, {}};
}

TlsStream::Received TlsStream::decrypt()
{
    Buffers &buffer = buffers();
    qsizetype size = 0;
    int count = 0;
    while ((count = SSL_read(m_ssl.get(), buffer.decrypted + size, int(qsizetype(sizeof buffer.decrypted) - size))) > 0)
        size += count;
    const int error = SSL_get_error(m_ssl.get(), count);
    if (error == SSL_ERROR_ZERO_RETURN) {
        m_end = Outcome::Ended;
        m_input = {};
    } else if (error != SSL_ERROR_WANT_READ) {
        m_end = fail(reason(count)).outcome;
    }
    if (size > 0)
        return {Outcome::Bytes, QByteArrayView(buffer.decrypted, size)};
    return {std::exchange(m_end, Outcome::Nothing), {}};
}

TlsStream::Received TlsStream::fail(const QString &failure)
{
    m_failure = failure;
    // The kernel would reset a connection that is closed with unread input, and the alert that tells the peer why would
    // be lost with it.
    ::shutdown(m_fd, SHUT_WR);
    for (int i = 0; i < 4 && ::recv(m_fd, buffers().received, size_t(receiveSize), 0) > 0; ++i) {
    }
    return {Outcome::Broken, {}};
}

QString TlsStream::reason(int result) const
{
    if (m_ssl && SSL_get_error(m_ssl.get(), result) == SSL_ERROR_SSL) {
        const unsigned long code = ERR_peek_last_error();
        const int number = ERR_GET_REASON(code);
        ERR_clear_error();
        if (number == SSL_R_HTTP_REQUEST || number == SSL_R_HTTPS_PROXY_REQUEST)
            return QStringLiteral("the client speaks HTTP without TLS");
        if (number == SSL_R_CERTIFICATE_VERIFY_FAILED) {
            return QStringLiteral("the client's certificate does not hold: %1")
                .arg(QLatin1StringView(X509_verify_cert_error_string(SSL_get_verify_result(m_ssl.get()))));
        }
        if (number >= SSL_AD_REASON_OFFSET && number < SSL_AD_REASON_OFFSET + 256) {
            return QStringLiteral("the client refuses: %1")
                .arg(QLatin1StringView(SSL_alert_desc_string_long(number - SSL_AD_REASON_OFFSET)));
        }
        const char *text = ERR_reason_error_string(code);
        return text ? QString::fromLatin1(text) : QStringLiteral("unknown reason");
    }
    return QString::fromLocal8Bit(std::strerror(m_errno));
}

ssize_t TlsStream::encrypt(QByteArrayView record)
{
    ERR_clear_error();
    m_isWriting = true;
    const int count = SSL_write(m_ssl.get(), record.data(), int(record.size()));
    m_isWriting = false;
    if (count > 0)
        return count;
    switch (SSL_get_error(m_ssl.get(), count)) {
    case SSL_ERROR_WANT_READ:
        m_writeNeedsInput = true;
        [[fallthrough]];
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    default:
        m_failure = reason(count);
        errno = EPROTO;
        return -1;
    }
}

ssize_t TlsStream::write(QByteArrayView bytes, QByteArrayView more, bool fileFollows)
{
    errno = m_failure.isEmpty() ? EAGAIN : EPROTO;
    if (!m_failure.isEmpty() || !canWrite())
        return -1;
    m_isMoreComing = fileFollows;
    qsizetype sent = 0;
    ssize_t count = 0;
    while (sent < bytes.size() + more.size() && sent < MaxTurn) {
        QByteArrayView record = sent < bytes.size() ? bytes.sliced(sent) : more.sliced(sent - bytes.size());
        if (sent < bytes.size() && record.size() < recordSize && !more.isEmpty()) {
            // A head and its body share a record, and a packet.
            char *joined = buffers().record;
            const QByteArrayView rest = more.first(qMin(more.size(), recordSize - record.size()));
            std::ranges::copy(rest, std::ranges::copy(record, joined).out);
            record = QByteArrayView(joined, record.size() + rest.size());
        }
        count = encrypt(record.first(qMin(record.size(), recordSize)));
        if (count < 0)
            break;
        sent += count;
    }
    m_isMoreComing = false;
    return sent > 0 ? ssize_t(sent) : count;
}

ssize_t TlsStream::sendFile(int file, quint64 offset, quint64 length)
{
    errno = m_failure.isEmpty() ? EAGAIN : EPROTO;
    if (!m_failure.isEmpty() || !canWrite())
        return -1;
    quint64 sent = 0;
    ssize_t count = 0;
    while (sent < length && sent < quint64(MaxTurn)) {
        char *record = buffers().record;
        const size_t size = size_t(qMin(length - sent, quint64(recordSize)));
        count = ::pread(file, record, size, off_t(offset + sent));
        if (count > 0)
            count = encrypt(QByteArrayView(record, qsizetype(count)));
        if (count <= 0)
            break;
        sent += quint64(count);
    }
    return sent > 0 ? ssize_t(sent) : count;
}

bool TlsStream::flush()
{
    if (!m_failure.isEmpty())
        return false;
    if (m_unsent.isEmpty())
        return true;
    const ssize_t count = ::send(m_fd, m_unsent.constData(), size_t(m_unsent.size()), MSG_NOSIGNAL);
    if (count < 0) {
        m_errno = errno;
        if (!isTransient(m_errno))
            m_failure = reason(-1);
        return m_failure.isEmpty();
    }
    m_unsent = count == m_unsent.size() ? QByteArray() : m_unsent.sliced(count);
    if (m_unsent.isEmpty() && m_endsWhenSent)
        ::shutdown(m_fd, SHUT_WR);
    return true;
}

void TlsStream::endOutput(bool isComplete)
{
    if (isComplete)
        sayGoodbye();
    m_isOutputEnded = true;
    m_endsWhenSent = !m_unsent.isEmpty();
    if (!m_endsWhenSent)
        ::shutdown(m_fd, SHUT_WR);
}

void TlsStream::sayGoodbye()
{
    if (!m_isEstablished || m_isOutputEnded || !m_failure.isEmpty())
        return;
    m_isOutputEnded = true;
    SSL_shutdown(m_ssl.get());
    ERR_clear_error();
}

} // namespace Quern::net
