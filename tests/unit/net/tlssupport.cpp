#include "tlssupport.h"

#include <QFile>
#include <QTest>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>

namespace NetTest {

using namespace Quern;

namespace {

void addExtension(X509 *certificate, X509 *issuer, int nid, const QByteArray &value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.constData());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

QByteArray contentOf(BIO *bio)
{
    char *bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return QByteArray(bytes, size);
}

} // namespace

Identity newIdentity(const QByteArray &name, const QByteArrayList &hosts, const Identity *issuer, int days)
{
    constexpr int day = 24 * 60 * 60;
    static int serial = 0;
    Identity identity;
    identity.key.reset(EVP_EC_gen("P-256"));
    identity.certificate.reset(X509_new());
    X509 *certificate = identity.certificate.get();
    X509 *signer = issuer ? issuer->certificate.get() : certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_time_adj_ex(X509_getm_notBefore(certificate), qMin(days, 0) - 1, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate), days, days > 0 ? 0 : -day / 2, nullptr);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(name.constData()), int(name.size()), -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    X509_set_pubkey(certificate, identity.key.get());
    addExtension(certificate, signer, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (!hosts.isEmpty())
        addExtension(certificate, signer, NID_subject_alt_name, "DNS:" + hosts.join(",DNS:"));
    X509_sign(certificate, issuer ? issuer->key.get() : identity.key.get(), EVP_sha256());
    return identity;
}

QByteArray pemOf(const Identity &identity)
{
    const net::BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), identity.certificate.get());
    return contentOf(bio.get());
}

QByteArray keyPemOf(const Identity &identity, const char *passphrase)
{
    const net::BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(bio.get(), identity.key.get(), passphrase ? EVP_aes_128_cbc() : nullptr, passphrase,
                                  passphrase ? int(qstrlen(passphrase)) : 0, nullptr, nullptr);
    return contentOf(bio.get());
}

QString Folder::write(const QString &name, const QByteArray &content) const
{
    QFile file(path(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        qFatal("cannot write %s", qPrintable(file.fileName()));
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    return file.fileName();
}

net::TlsCertificateFiles Folder::write(const QString &name, const Identity &identity) const
{
    return {write(name + QStringLiteral(".pem"), pemOf(identity)),
            write(name + QStringLiteral(".key"), keyPemOf(identity))};
}

TlsClient::TlsClient() : m_context(SSL_CTX_new(TLS_client_method()))
{
    SSL_CTX_set_verify(m_context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(m_context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

void TlsClient::present(const Identity &identity)
{
    SSL_CTX_use_certificate(m_context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(m_context.get(), identity.key.get());
}

void TlsClient::start(base::FileDescriptor fd)
{
    m_ssl.reset(SSL_new(m_context.get()));
    m_fd = std::move(fd);
    SSL_set_fd(m_ssl.get(), m_fd.get());
    SSL_set_connect_state(m_ssl.get());
    m_input.clear();
    m_failure.clear();
    m_error = SSL_ERROR_NONE;
}

bool TlsClient::handshake()
{
    ERR_clear_error();
    const int result = SSL_do_handshake(m_ssl.get());
    note(result);
    return result == 1;
}

bool TlsClient::write(const QByteArray &bytes)
{
    while (m_written < bytes.size()) {
        ERR_clear_error();
        const int count = SSL_write(m_ssl.get(), bytes.constData() + m_written, int(bytes.size() - m_written));
        note(count);
        if (count <= 0)
            return false;
        m_written += count;
    }
    m_written = 0;
    return true;
}

const QByteArray &TlsClient::read()
{
    char buffer[64 * 1024];
    int count = 0;
    do {
        ERR_clear_error();
        count = SSL_read(m_ssl.get(), buffer, sizeof buffer);
        m_input.append(buffer, qMax(count, 0));
    } while (count > 0);
    note(count);
    return m_input;
}

void TlsClient::forget()
{
    m_ssl.reset();
    m_context.reset();
    m_input = {};
}

void TlsClient::note(int result)
{
    m_error = SSL_get_error(m_ssl.get(), result);
    if (!m_failure.isEmpty())
        return;
    if (m_error == SSL_ERROR_SSL)
        m_failure = ERR_reason_error_string(ERR_peek_last_error());
    else if (m_error == SSL_ERROR_SYSCALL)
        m_failure = "system call";
}

std::shared_ptr<const net::TlsContext> simpleContext(const Folder &folder)
{
    net::TlsOptions options;
    options.certificate = folder.write(QStringLiteral("server"), newIdentity("localhost", {"localhost"}, nullptr));
    const auto context = net::TlsContext::create(options);
    if (!context)
        qFatal("%s", qPrintable(context.error().message()));
    return *context;
}

void TlsPair::begin(std::shared_ptr<const net::TlsContext> context)
{
    ::signal(SIGPIPE, SIG_IGN); // for the client: OpenSSL's own sockets raise it
    const base::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1; // as for each listener of the server
    ::setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::listen(listener.get(), 1);
    base::FileDescriptor far = connectTo(portOf(listener.get()));
    ::setsockopt(far.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(far.get(), F_SETFL, O_NONBLOCK);
    base::FileDescriptor near(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!near.isValid())
        qFatal("no connection: %s", std::strerror(errno));
    join(std::move(near), std::move(far), std::move(context));
}

void TlsPair::beginLocal(std::shared_ptr<const net::TlsContext> context)
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        qFatal("no connection: %s", std::strerror(errno));
    join(base::FileDescriptor(ends[0]), base::FileDescriptor(ends[1]), std::move(context));
}

void TlsPair::join(base::FileDescriptor near, base::FileDescriptor far, std::shared_ptr<const net::TlsContext> context)
{
    client.start(std::move(far));
    events = {};
    connection = std::make_unique<net::Connection>(std::move(near), &events);
    connection->startTls(std::move(context));
    events.connection = connection.get();
}

QByteArray pattern(qsizetype size)
{
    QByteArray bytes;
    bytes.reserve(size + 16);
    for (int i = 0; bytes.size() < size; ++i)
        bytes.append(QByteArray::number(i)).append(',');
    return bytes.first(size);
}

void letTheLoopTurn()
{
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
}

void TlsTest::initTestCase()
{
    m_context = simpleContext(m_folder);
}

void TlsTest::initTestCase_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("TLS 1.2") << TLS1_2_VERSION;
    QTest::newRow("TLS 1.3") << TLS1_3_VERSION;
}

void TlsTest::init()
{
    QFETCH_GLOBAL(int, version);
    m_pair = std::make_unique<TlsPair>();
    SSL_CTX_set_max_proto_version(m_pair->client.context(), version);
    m_pair->begin(m_context);
}

void TlsTest::cleanup()
{
    m_pair.reset();
}

void TlsTest::shakeHands()
{
    QVERIFY(m_pair->connection->isHandshaking());
    QTRY_VERIFY(m_pair->client.handshake());
    QTRY_COMPARE(m_pair->events.established, 1);
    QVERIFY(!m_pair->connection->isHandshaking());
}

} // namespace NetTest
