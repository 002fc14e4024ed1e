#pragma once

#include "netsupport.h"

#include "net/connection.h"
#include "net/openssl.h"
#include "net/tlscontext.h"

#include <QByteArray>
#include <QObject>
#include <QTemporaryDir>

#include <functional>
#include <memory>

namespace NetTest {

/// A certificate and its key, made on the spot: curve P-256, valid from yesterday on.
struct Identity
{
    Quern::net::CertificateHandle certificate;
    Quern::net::KeyHandle key;
};

/// \a hosts are the names it is for; \a issuer null: it signs itself, as an authority does. Valid until \a days from
/// now.
Identity newIdentity(const QByteArray &name, const QByteArrayList &hosts, const Identity *issuer, int days = 90);
QByteArray pemOf(const Identity &identity);
/// Encrypted if there is a \a passphrase.
QByteArray keyPemOf(const Identity &identity, const char *passphrase = nullptr);

/// Writes files into a folder that goes with it.
class Folder
{
public:
    /// The path; the file is readable for its owner alone.
    QString write(const QString &name, const QByteArray &content) const;
    /// name.pem and name.key.
    Quern::net::TlsCertificateFiles write(const QString &name, const Identity &identity) const;
    QString path(const QString &name) const { return m_directory.filePath(name); }

private:
    QTemporaryDir m_directory;
};

class Recorder final : public Quern::net::ConnectionEvents
{
public:
    void tlsEstablished() override
    {
        ++established;
        if (onEstablished)
            onEstablished();
    }
    void bytesReceived(QByteArrayView bytes) override
    {
        input.append(bytes);
        if (onBytes)
            onBytes();
    }
    void inputEnded() override { ++ends; }
    void outputProgressed(qint64 pending) override
    {
        progress.append(pending);
        if (onProgress)
            onProgress();
    }
    void connectionLost() override
    {
        ++losses;
        if (connection)
            failure = connection->tlsFailure();
    }

    Quern::net::Connection *connection = nullptr;
    QByteArray input;
    QList<qint64> progress;
    QString failure;
    int established = 0;
    int ends = 0;
    int losses = 0;
    std::function<void()> onEstablished;
    std::function<void()> onBytes;
    std::function<void()> onProgress;
};

/// The client's side, which never blocks: each call does what can be done now.
class TlsClient
{
public:
    /// Trusts everybody, and speaks whatever OpenSSL can.
    TlsClient();

    void present(const Identity &identity);
    /// Begins a connection over \a fd, which it owns.
    void start(Quern::base::FileDescriptor fd);

    SSL_CTX *context() { return m_context.get(); }
    SSL *ssl() const { return m_ssl.get(); }
    int fd() const { return m_fd.get(); }

    bool handshake();
    /// Writes what there is room for; true once all of \a bytes has left in calls that follow each other.
    bool write(const QByteArray &bytes);
    /// Adds to input() what has come.
    const QByteArray &read();
    /// The server has said that no more comes.
    bool isEnded() const { return m_error == SSL_ERROR_ZERO_RETURN; }
    /// OpenSSL's name of what went wrong, such as "tlsv1 alert no application protocol"; empty if nothing did.
    const QByteArray &failure() const { return m_failure; }
    QByteArray &input() { return m_input; }
    void drop() { m_fd.reset(); }
    /// Frees all but the descriptor.
    void forget();

private:
    void note(int result);

    Quern::net::SslContextHandle m_context;
    Quern::base::FileDescriptor m_fd;
    Quern::net::SslHandle m_ssl;
    QByteArray m_input;
    QByteArray m_failure;
    qsizetype m_written = 0;
    int m_error = SSL_ERROR_NONE;
};

/// A context with a certificate made for localhost, in \a folder.
std::shared_ptr<const Quern::net::TlsContext> simpleContext(const Folder &folder);

/// Both sides of one connection.
class TlsPair
{
public:
    /// A new connection over TCP.
    void begin(std::shared_ptr<const Quern::net::TlsContext> context);
    /// The same over a Unix socket, whose buffer takes the same number of writes each time.
    void beginLocal(std::shared_ptr<const Quern::net::TlsContext> context);

    Recorder events;
    std::unique_ptr<Quern::net::Connection> connection;
    TlsClient client;

private:
    void join(Quern::base::FileDescriptor near, Quern::base::FileDescriptor far,
              std::shared_ptr<const Quern::net::TlsContext> context);
};

/// A test that has a pair for each of its functions, and runs them with either version of TLS.
class TlsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void initTestCase_data();
    void init();
    void cleanup();

protected:
    void shakeHands();

    std::unique_ptr<TlsPair> m_pair;
    Folder m_folder;
    std::shared_ptr<const Quern::net::TlsContext> m_context;
};

/// Bytes of which each piece tells its place.
QByteArray pattern(qsizetype size);
/// Turns the loop until nothing is left to do.
void letTheLoopTurn();

} // namespace NetTest
