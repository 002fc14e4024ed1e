#include "tlssupport.h"

#include <QDirIterator>

#include <sys/socket.h>

using namespace Quern;
using namespace NetTest;
using net::ClientCertificates;
using net::TlsContext;
using net::TlsInfo;
using net::TlsOptions;

namespace {

QByteArray namesOf(const TlsClient &client)
{
    const X509 *certificate = SSL_get0_peer_certificate(client.ssl());
    char name[64] = {};
    if (certificate)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    return name;
}

int openDescriptors()
{
    int count = 0;
    for (QDirIterator it(QStringLiteral("/proc/self/fd")); it.hasNext(); it.next())
        ++count;
    return count;
}

} // namespace

/// What is agreed in handshakes, and what is refused.
class TestTlsHandshake : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void hosts_data();
    void hosts();
    void issuersAreSent();
    void protocols_data();
    void protocols();
    void clientCertificates_data();
    void clientCertificates();
    void versions_data();
    void versions();
    void ciphers_data();
    void ciphers();
    void swappedContext();
    void resumption_data();
    void resumption();
    void noTLS_data();
    void noTLS();
    void clientRefuses();
    void failuresAreToldNowAndThen();
    void droppedHandshakes();

private:
    std::shared_ptr<const TlsContext> contextOf(const TlsOptions &options);
    /// Until both sides have agreed, or one is refused.
    void run();
    bool isAgreed() const { return m_pair->events.established == 1 && m_pair->events.losses == 0; }

    Folder m_folder;
    Identity m_authority;
    TlsOptions m_options;
    std::unique_ptr<TlsPair> m_pair;
};

void TestTlsHandshake::initTestCase()
{
    m_authority = newIdentity("Authority", {}, nullptr);
    m_folder.write(QStringLiteral("authority.pem"), pemOf(m_authority));
    m_options.certificate = m_folder.write(QStringLiteral("server"), newIdentity("default", {}, &m_authority));
}

void TestTlsHandshake::init()
{
    m_pair = std::make_unique<TlsPair>();
}

void TestTlsHandshake::cleanup()
{
    m_pair.reset();
}

std::shared_ptr<const TlsContext> TestTlsHandshake::contextOf(const TlsOptions &options)
{
    const auto context = TlsContext::create(options);
    if (!context)
        qFatal("%s", qPrintable(context.error().message()));
    return *context;
}

void TestTlsHandshake::run()
{
    QTRY_VERIFY((m_pair->client.handshake(), m_pair->events.established + m_pair->events.losses > 0));
    if (m_pair->events.established) {
        m_pair->connection->write("welcome");
        QTRY_VERIFY((m_pair->client.read(), m_pair->client.input() == "welcome" || m_pair->events.losses > 0));
    } else {
        QTRY_VERIFY((m_pair->client.read(), !m_pair->client.failure().isEmpty()));
    }
}

void TestTlsHandshake::hosts_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("answered");
    QTest::newRow("none") << QByteArray() << QByteArray("default");
    QTest::newRow("exact") << QByteArray("shop.example.org") << QByteArray("shop");
    QTest::newRow("in capitals") << QByteArray("Shop.Example.ORG") << QByteArray("shop");
    QTest::newRow("with a dot at its end") << QByteArray("shop.example.org.") << QByteArray("shop");
    QTest::newRow("wildcard") << QByteArray("any.example.org") << QByteArray("wildcard");
    QTest::newRow("two labels") << QByteArray("an.y.example.org") << QByteArray("default");
    QTest::newRow("no label") << QByteArray("example.org") << QByteArray("default");
    QTest::newRow("empty label") << QByteArray(".example.org") << QByteArray("default");
    QTest::newRow("the wildcard itself") << QByteArray("*.example.org") << QByteArray("wildcard");
    QTest::newRow("unknown") << QByteArray("example.com") << QByteArray("default");
}

void TestTlsHandshake::hosts()
{
    QFETCH(QByteArray, asked);
    TlsOptions options = m_options;
    options.protocols = {"http/1.1"};
    options.hosts = {
        {QStringLiteral("*.example.org"), m_folder.write(QStringLiteral("w"), newIdentity("wildcard", {}, nullptr))},
        {QStringLiteral("shop.Example.org"), m_folder.write(QStringLiteral("s"), newIdentity("shop", {}, nullptr))},
    };
    m_pair->begin(contextOf(options));
    if (!asked.isEmpty())
        SSL_set_tlsext_host_name(m_pair->client.ssl(), asked.constData());
    SSL_set_alpn_protos(m_pair->client.ssl(), reinterpret_cast<const unsigned char *>("\x08http/1.1"), 9);
    run();
    QVERIFY(isAgreed());
    QTEST(namesOf(m_pair->client), "answered");
    QCOMPARE(m_pair->connection->tlsInfo()->serverName, asked);
    QCOMPARE(m_pair->connection->tlsInfo()->protocol, QByteArray("http/1.1"));
}

void TestTlsHandshake::issuersAreSent()
{
    const Identity intermediate = newIdentity("Intermediate", {}, &m_authority);
    const Identity server = newIdentity("server", {}, &intermediate);
    TlsOptions options;
    options.certificate = m_folder.write(QStringLiteral("chained"), server);
    options.certificate.chain = m_folder.write(QStringLiteral("chain.pem"), pemOf(server) + pemOf(intermediate));
    // The authorities of clients are nothing to send.
    options.clientCertificates = ClientCertificates::Optional;
    options.clientAuthorities = m_folder.path(QStringLiteral("authority.pem"));
    m_pair->begin(contextOf(options));
    run();
    QCOMPARE(sk_X509_num(SSL_get_peer_cert_chain(m_pair->client.ssl())), 2);
}

void TestTlsHandshake::protocols_data()
{
    QTest::addColumn<QByteArrayList>("served");
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<bool>("isAgreed");
    QTest::addColumn<QByteArray>("agreed");
    const QByteArrayList two = {"http/1.1", "quern"};
    QTest::newRow("the only one") << QByteArrayList{"http/1.1"} << QByteArray("\x02h2\x08http/1.1") << true
                                  << QByteArray("http/1.1");
    QTest::newRow("the server prefers") << two << QByteArray("\x05quern\x08http/1.1") << true << QByteArray("http/1.1");
    QTest::newRow("the second one") << two << QByteArray("\x05quern") << true << QByteArray("quern");
    QTest::newRow("none offered") << two << QByteArray() << true << QByteArray();
    QTest::newRow("none in common") << two << QByteArray("\x02h2") << false << QByteArray();
    QTest::newRow("none served") << QByteArrayList() << QByteArray("\x02h2") << true << QByteArray();
}

void TestTlsHandshake::protocols()
{
    QFETCH(QByteArray, offered);
    TlsOptions options = m_options;
    QFETCH(QByteArrayList, served);
    options.protocols = served;
    m_pair->begin(contextOf(options));
    if (!offered.isEmpty())
        SSL_set_alpn_protos(m_pair->client.ssl(), reinterpret_cast<const unsigned char *>(offered.constData()),
                            unsigned(offered.size()));
    run();
    QTEST(isAgreed(), "isAgreed");
    if (isAgreed()) {
        QTEST(m_pair->connection->tlsInfo()->protocol, "agreed");
    } else {
        QCOMPARE(m_pair->client.failure(), QByteArray("tlsv1 alert no application protocol"));
        QCOMPARE(m_pair->events.failure, QStringLiteral("no application protocol"));
    }
}

void TestTlsHandshake::clientCertificates_data()
{
    QTest::addColumn<ClientCertificates>("wanted");
    QTest::addColumn<QByteArray>("issuer"); // of the client's certificate
    QTest::addColumn<QByteArray>("alert");  // empty: agreed
    const QByteArray none;
    const QByteArray right = "right";
    const QByteArray wrong = "wrong";
    QTest::newRow("unwanted, none") << ClientCertificates::Unwanted << none << QByteArray();
    QTest::newRow("unwanted, one") << ClientCertificates::Unwanted << right << QByteArray();
    QTest::newRow("optional, none") << ClientCertificates::Optional << none << QByteArray();
    QTest::newRow("optional, one") << ClientCertificates::Optional << right << QByteArray();
    QTest::newRow("optional, a wrong one") << ClientCertificates::Optional << wrong << QByteArray("unknown ca");
    QTest::newRow("required, none") << ClientCertificates::Required << none << QByteArray("certificate required");
    QTest::newRow("required, one") << ClientCertificates::Required << right << QByteArray();
    QTest::newRow("required, a wrong one") << ClientCertificates::Required << wrong << QByteArray("unknown ca");
    QTest::newRow("required, an old one")
        << ClientCertificates::Required << QByteArray("old") << QByteArray("certificate expired");
}

void TestTlsHandshake::clientCertificates()
{
    QFETCH(QByteArray, issuer);
    QFETCH(QByteArray, alert);
    QFETCH(ClientCertificates, wanted);
    TlsOptions options = m_options;
    options.clientCertificates = wanted;
    if (wanted != ClientCertificates::Unwanted)
        options.clientAuthorities = m_folder.path(QStringLiteral("authority.pem"));
    const Identity other = newIdentity("Other", {}, nullptr);
    const Identity client =
        newIdentity("Zoë, Inc.", {}, issuer == "wrong" ? &other : &m_authority, issuer == "old" ? -2 : 9);
    if (!issuer.isEmpty())
        m_pair->client.present(client);
    m_pair->begin(contextOf(options));
    run();
    QCOMPARE(isAgreed(), alert.isEmpty());
    if (!alert.isEmpty()) {
        QVERIFY2(m_pair->client.failure().endsWith("alert " + alert), m_pair->client.failure().constData());
        QVERIFY2(!m_pair->events.failure.isEmpty(), "told to the log");
        return;
    }
    const TlsInfo info = *m_pair->connection->tlsInfo();
    if (issuer.isEmpty() || wanted == ClientCertificates::Unwanted) {
        QCOMPARE(info.clientSubject + info.clientFingerprint, QByteArray());
        QVERIFY(!info.isClientVerified);
    } else {
        QCOMPARE(info.clientSubject, QByteArray("CN=Zoë\\, Inc."));
        unsigned char digest[32];
        X509_digest(client.certificate.get(), EVP_sha256(), digest, nullptr);
        QCOMPARE(info.clientFingerprint, QByteArray(reinterpret_cast<const char *>(digest), 32).toHex());
        QVERIFY(info.isClientVerified);
    }
}

void TestTlsHandshake::versions_data()
{
    using enum net::TlsVersion;
    QTest::addColumn<net::TlsVersions>("served");
    QTest::addColumn<int>("offered"); // this one alone
    QTest::addColumn<QByteArray>("agreed");
    QTest::newRow("1.3 is the default") << (Tls12 | Tls13) << TLS1_3_VERSION << QByteArray("TLSv1.3");
    QTest::newRow("1.2") << (Tls12 | Tls13) << TLS1_2_VERSION << QByteArray("TLSv1.2");
    QTest::newRow("1.1 is refused") << (Tls12 | Tls13) << TLS1_1_VERSION << QByteArray();
    QTest::newRow("1.0 is refused") << (Tls12 | Tls13) << TLS1_VERSION << QByteArray();
    QTest::newRow("1.3 alone") << net::TlsVersions(Tls13) << TLS1_2_VERSION << QByteArray();
    QTest::newRow("1.1 if it is asked for") << (Tls11 | Tls12) << TLS1_1_VERSION << QByteArray("TLSv1.1");
    QTest::newRow("1.0 if it is asked for") << (Tls10 | Tls12) << TLS1_VERSION << QByteArray("TLSv1");
    QTest::newRow("in a gap") << (Tls10 | Tls12) << TLS1_1_VERSION << QByteArray();
}

void TestTlsHandshake::versions()
{
    QFETCH(QByteArray, agreed);
    QFETCH(net::TlsVersions, served);
    QFETCH(int, offered);
    TlsOptions options = m_options;
    options.versions = served;
    SSL_CTX_set_cipher_list(m_pair->client.context(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(m_pair->client.context(), offered);
    SSL_CTX_set_max_proto_version(m_pair->client.context(), offered);
    m_pair->begin(contextOf(options));
    run();
    QVERIFY2(isAgreed() == !agreed.isEmpty(), qPrintable(m_pair->events.failure));
    if (isAgreed()) {
        QCOMPARE(m_pair->connection->tlsInfo()->version, agreed);
    } else {
        QVERIFY2(m_pair->client.failure().contains("protocol"), m_pair->client.failure().constData());
        QVERIFY(!m_pair->events.failure.isEmpty());
    }
}

void TestTlsHandshake::ciphers_data()
{
    QTest::addColumn<bool>("prefersServer");
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<QByteArray>("agreed");
    const QByteArray aes128 = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const QByteArray aes256 = "ECDHE-ECDSA-AES256-GCM-SHA384";
    QTest::newRow("the server prefers") << true << aes128 + ':' + aes256 << aes256;
    QTest::newRow("the client prefers") << false << aes128 + ':' + aes256 << aes128;
    QTest::newRow("none in common") << true << QByteArray("ECDHE-ECDSA-CHACHA20-POLY1305") << QByteArray();
    QTest::newRow("without forward secrecy") << true << QByteArray("AES128-SHA") << QByteArray();
}

void TestTlsHandshake::ciphers()
{
    QFETCH(QByteArray, agreed);
    QFETCH(QByteArray, offered);
    QFETCH(bool, prefersServer);
    TlsOptions options = m_options;
    options.ciphers = QStringLiteral("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
    options.prefersServerCiphers = prefersServer;
    SSL_CTX_set_max_proto_version(m_pair->client.context(), TLS1_2_VERSION);
    QCOMPARE(SSL_CTX_set_cipher_list(m_pair->client.context(), offered.constData()), 1);
    m_pair->begin(contextOf(options));
    run();
    QCOMPARE(isAgreed(), !agreed.isEmpty());
    if (isAgreed())
        QCOMPARE(m_pair->connection->tlsInfo()->cipher, agreed);
    else
        QCOMPARE(m_pair->events.failure, QStringLiteral("no shared cipher"));

    // Of TLS 1.3.
    m_pair = std::make_unique<TlsPair>();
    options.cipherSuites = QStringLiteral("TLS_CHACHA20_POLY1305_SHA256");
    m_pair->begin(contextOf(options));
    run();
    QCOMPARE(m_pair->connection->tlsInfo()->cipher, QByteArray("TLS_CHACHA20_POLY1305_SHA256"));
}

void TestTlsHandshake::swappedContext()
{
    auto old = contextOf(m_options);
    const std::weak_ptr<const TlsContext> watch = old;
    m_pair->begin(old);
    old.reset();
    run();
    QVERIFY(isAgreed());
    QVERIFY(!watch.expired()); // the connection keeps it

    TlsOptions options = m_options;
    options.certificate = m_folder.write(QStringLiteral("new"), newIdentity("renewed", {}, &m_authority));
    TlsPair next;
    next.begin(contextOf(options));
    QTRY_VERIFY((next.client.handshake(), next.events.established == 1));
    QCOMPARE(namesOf(next.client), QByteArray("renewed"));
    QVERIFY(m_pair->client.write("still there"));
    QTRY_COMPARE(m_pair->events.input, QByteArray("still there"));
    m_pair->connection->close();
    QVERIFY(watch.expired());
}

void TestTlsHandshake::resumption_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QByteArray>("change");
    QTest::addColumn<bool>("isResumed");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const char *name = version == TLS1_2_VERSION ? "1.2" : "1.3";
        QTest::addRow("same context, %s", name) << version << QByteArray() << true;
        QTest::addRow("new certificate, %s", name) << version << QByteArray("certificate") << true;
        QTest::addRow("other authorities, %s", name) << version << QByteArray("authorities") << false;
        QTest::addRow("certificates required, %s", name) << version << QByteArray("required") << false;
        QTest::addRow("no tickets, %s", name) << version << QByteArray("no tickets") << false;
    }
}

void TestTlsHandshake::resumption()
{
    QFETCH(int, version);
    QFETCH(QByteArray, change);
    TlsOptions options = m_options;
    options.clientCertificates = ClientCertificates::Optional;
    options.clientAuthorities = m_folder.path(QStringLiteral("authority.pem"));
    options.hasSessionTickets = change != "no tickets";
    m_pair->client.present(newIdentity("client", {}, &m_authority));
    SSL_CTX_set_max_proto_version(m_pair->client.context(), version);
    const auto context = contextOf(options);
    m_pair->begin(context);
    run();
    QVERIFY(isAgreed());
    QVERIFY(!m_pair->connection->tlsInfo()->isResumed);
    const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(SSL_get1_session(m_pair->client.ssl()),
                                                                            SSL_SESSION_free);
    SSL_shutdown(m_pair->client.ssl()); // otherwise the client, being OpenSSL, forgets the session
    m_pair->connection->close();

    if (change == "certificate")
        options.certificate = m_folder.write(QStringLiteral("new"), newIdentity("renewed", {}, &m_authority));
    if (change == "authorities")
        options.clientAuthorities = m_folder.write(QStringLiteral("more.pem"), pemOf(m_authority) + pemOf(m_authority));
    if (change == "required")
        options.clientCertificates = ClientCertificates::Required;
    m_pair->begin(change.isEmpty() ? context : contextOf(options));
    SSL_set_session(m_pair->client.ssl(), session.get());
    run();
    QVERIFY(isAgreed());
    QTEST(m_pair->connection->tlsInfo()->isResumed, "isResumed");
    QCOMPARE(m_pair->connection->tlsInfo()->clientSubject, QByteArray("CN=client")); // remembered, or shown again
    QVERIFY(m_pair->connection->tlsInfo()->isClientVerified);
}

void TestTlsHandshake::noTLS_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QString>("failure");
    QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                          << QStringLiteral("the client speaks HTTP without TLS");
    QTest::newRow("CONNECT") << QByteArray("CONNECT localhost:443 HTTP/1.1\r\n\r\n")
                             << QStringLiteral("the client speaks HTTP without TLS");
    QTest::newRow("text") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n") << QStringLiteral("wrong version number");
    QTest::newRow("zeros") << QByteArray(100'000, '\0') << QStringLiteral("wrong version number");
    QTest::newRow("nothing") << QByteArray() << QStringLiteral("the client went away");
    QTest::newRow("half a record") << QByteArray("\x16\x03\x01\x02\x00\x01", 6)
                                   << QStringLiteral("the client went away");
}

void TestTlsHandshake::noTLS()
{
    QFETCH(QByteArray, sent);
    m_pair->begin(contextOf(m_options));
    m_pair->connection->write("never sent in the clear");
    QCOMPARE(::send(m_pair->client.fd(), sent.data(), size_t(sent.size()), MSG_NOSIGNAL), sent.size());
    ::shutdown(m_pair->client.fd(), SHUT_WR);
    QTRY_COMPARE(m_pair->events.losses, 1);
    QTEST(m_pair->events.failure, "failure");
    QVERIFY(!m_pair->connection->isOpen());
    QCOMPARE(m_pair->events.established + m_pair->events.ends, 0);
    QByteArray answer(4096, '\0');
    const ssize_t count = ::recv(m_pair->client.fd(), answer.data(), size_t(answer.size()), 0);
    QVERIFY(!answer.first(qMax<qsizetype>(count, 0)).contains("never"));
}

void TestTlsHandshake::clientRefuses()
{
    m_pair->begin(contextOf(m_options));
    SSL_set_verify(m_pair->client.ssl(), SSL_VERIFY_PEER, nullptr);
    QTRY_VERIFY((m_pair->client.handshake(), m_pair->events.losses == 1));
    QCOMPARE(m_pair->events.failure, QStringLiteral("the client refuses: unknown CA"));
}

void TestTlsHandshake::failuresAreToldNowAndThen()
{
    static int warnings;
    static QtMessageHandler before;
    warnings = 0;
    before = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &context, const QString &text) {
        if (type == QtWarningMsg && text.startsWith(QStringLiteral("TLS handshake with 127.0.0.1: ")))
            ++warnings;
        else
            before(type, context, text);
    });
    const auto context = contextOf(m_options);
    for (int i = 0; i < 20; ++i) {
        m_pair->begin(context);
        QCOMPARE(::send(m_pair->client.fd(), "GET / HTTP/1.1\r\n", 16, 0), ssize_t(16));
        [this] { QTRY_COMPARE(m_pair->events.losses, 1); }();
    }
    qInstallMessageHandler(before);
    QVERIFY2(warnings <= 1, QByteArray::number(warnings));
}

void TestTlsHandshake::droppedHandshakes()
{
    const auto context = contextOf(m_options);
    m_pair->begin(context);
    run(); // whatever OpenSSL opens once
    m_pair = std::make_unique<TlsPair>();
    const int before = openDescriptors();
    const long users = context.use_count();
    for (int i = 0; i < 1000; ++i) {
        m_pair->begin(context);
        for (int step = 0; step < i % 4; ++step) {
            m_pair->client.handshake();
            letTheLoopTurn();
        }
        if (i % 2) {
            const linger hard = {1, 0};
            ::setsockopt(m_pair->client.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        m_pair->client.drop();
        QTRY_VERIFY_WITH_TIMEOUT(m_pair->events.losses + m_pair->events.ends == 1, 5000);
        m_pair->connection.reset();
    }
    QCOMPARE(openDescriptors(), before);
    QCOMPARE(context.use_count(), users);
}

QUERN_EPOLL_TEST_MAIN(TestTlsHandshake)
#include "tst_tlshandshake.moc"
