#include "tlssupport.h"

#include "net/tlsticketkeys.h"

#include <QFile>

#include <sys/stat.h>

#include <tuple>

using namespace Quern;
using namespace NetTest;
using namespace std::chrono_literals;
using net::TlsContext;
using net::TlsOptions;
using net::TlsTicketKeys;

class TestTlsContext : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void refused_data();
    void refused();
    void whatIsRefusedIsNamed();
    void keyBesideItsCertificate();
    void warnings();
    void ticketKeysRotate();
    void ticketKeysOfAnIdleServer();

private:
    Folder m_folder;
    Identity m_authority;
    Identity m_server;
    TlsOptions m_options; ///< that work
};

void TestTlsContext::initTestCase()
{
    m_authority = newIdentity("Authority", {}, nullptr);
    m_server = newIdentity("server", {"localhost"}, &m_authority);
    m_options.certificate = m_folder.write(QStringLiteral("server"), m_server);
    const auto context = TlsContext::create(m_options);
    QVERIFY2(context.ok(), context.ok() ? "" : qPrintable(context.error().message()));
    QVERIFY((*context)->warnings().isEmpty());
}

void TestTlsContext::refused_data()
{
    // "%DIR" stands for the folder.
    QTest::addColumn<std::function<void(TlsOptions &)>>("change");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *name, std::function<void(TlsOptions &)> change, const char *message) {
        QTest::newRow(name) << std::move(change) << QString::fromUtf8(message);
    };
    const auto chainIs = [this](const QByteArray &content) {
        return
            [this, content](TlsOptions &o) { o.certificate.chain = m_folder.write(QStringLiteral("t.pem"), content); };
    };
    const auto keyIs = [this](const QByteArray &content) {
        return [this, content](TlsOptions &o) { o.certificate.key = m_folder.write(QStringLiteral("t.key"), content); };
    };
    const QByteArray pem = pemOf(m_server);

    row(
        "no such file", [this](TlsOptions &o) { o.certificate.chain = m_folder.path(QStringLiteral("none.pem")); },
        "%DIR/none.pem: there is no such file; give the path of a PEM file with the certificate, its issuers behind "
        "it");
    row(
        "no such key", [this](TlsOptions &o) { o.certificate.key = m_folder.path(QStringLiteral("none.key")); },
        "%DIR/none.key: there is no such file; give the path of a PEM file with the certificate's private key");
    row(
        "directory", [this](TlsOptions &o) { o.certificate.chain = m_folder.path(QStringLiteral("")); },
        "%DIR: is no plain file; give the path of a PEM file with the certificate, its issuers behind it");
    row(
        "named pipe",
        [this](TlsOptions &o) {
            o.certificate.key = m_folder.path(QStringLiteral("pipe"));
            ::mkfifo(QFile::encodeName(o.certificate.key).constData(), 0600);
        },
        "%DIR/pipe: is no plain file; give the path of a PEM file with the certificate's private key");
    row("too long", chainIs(pem + QByteArray(1024 * 1024, '\n')),
        "%DIR/t.pem: has more than 1 MiB; give the path of a PEM file with the certificate, its issuers behind it");
    row(
        "behind a file", [](TlsOptions &o) { o.certificate.chain += QStringLiteral("/x"); },
        "%DIR/server.pem/x: cannot be read: Not a directory; let the server's user read it");
    row("not PEM", chainIs("MIIB, or so"),
        "%DIR/t.pem: holds no certificate in PEM form, which begins with \"-----BEGIN CERTIFICATE-----\"; give such a "
        "file");
    row("key in place of a certificate", chainIs(keyPemOf(m_server)),
        "%DIR/t.pem: holds no certificate in PEM form, which begins with \"-----BEGIN CERTIFICATE-----\"; give such a "
        "file");
    row("damaged certificate", chainIs(QByteArray(pem).replace("\nM", "\nA")), "");
    row("damaged issuer", chainIs(pem + "-----BEGIN CERTIFICATE-----\nMIIB\n"),
        "%DIR/t.pem: certificate 2 in it is damaged (bad end line); copy the file anew");
    row("certificate in place of a key", keyIs(pem),
        "%DIR/t.key: holds no private key in PEM form, which begins with \"-----BEGIN PRIVATE KEY-----\"; give such a "
        "file");
    row("damaged key", keyIs(keyPemOf(m_server).replace("\nM", "\nA")), "");
    row("encrypted key", keyIs(keyPemOf(m_server, "secret")),
        "%DIR/t.key: the key is encrypted, and nobody is there to type its passphrase; write it without one: openssl "
        "pkey "
        "-in "
        "%DIR/t.key -out plain.key");
    row("key of another", keyIs(keyPemOf(m_authority)),
        "%DIR/t.key: is not the key of the first certificate in %DIR/server.pem; give the key that it was made with, "
        "and let "
        "the "
        "server's certificate stand before its issuers");
    row("issuer first", chainIs(pemOf(m_authority) + pem),
        "%DIR/server.key: is not the key of the first certificate in %DIR/t.pem; give the key that it was made with, "
        "and let "
        "the "
        "server's certificate stand before its issuers");
    row(
        "certificate of a host",
        [this](TlsOptions &o) {
            o.hosts.insert(QStringLiteral("a.example"), {m_folder.path(QStringLiteral("none.pem")), {}});
        },
        "%DIR/none.pem: there is no such file; give the path of a PEM file with the certificate, its issuers behind "
        "it");
    for (const char *host : {"", "*", "*.*.example", "a b", "-a.example", "example.", "ü.example"}) {
        QTest::addRow("host %s", host)
            << std::function(
                   [this, host](TlsOptions &o) { o.hosts.insert(QString::fromUtf8(host), m_options.certificate); })
            << QStringLiteral(
                   "\"%1\" is no host that a client can ask for; write \"example.org\" or \"*.example.org\", and "
                   "other letters than a to z as \"xn--…\"")
                   .arg(QString::fromUtf8(host));
    }
    row(
        "no versions", [](TlsOptions &o) { o.versions = {}; },
        "no version of TLS is allowed; allow TLSv1.2 and TLSv1.3");
    row(
        "old version with new ciphers",
        [](TlsOptions &o) {
            o.versions |= net::TlsVersion::Tls10;
            o.ciphers = QStringLiteral("ECDHE+AESGCM");
        },
        "OpenSSL speaks TLSv1 and TLSv1.1 on security level 0 only; add \":@SECLEVEL=0\" to the ciphers, or do not "
        "allow "
        "these versions");
    row(
        "ciphers", [](TlsOptions &o) { o.ciphers = QStringLiteral("ENIGMA"); },
        "the ciphers \"ENIGMA\" name none that OpenSSL has for TLS 1.2 (no cipher match); \"openssl ciphers -v\" lists "
        "them");
    row(
        "cipher suites",
        [](TlsOptions &o) { o.cipherSuites = QStringLiteral("TLS_AES_128_GCM_SHA256:TLS_ENIGMA_SHA256"); },
        "\"TLS_ENIGMA_SHA256\" is no cipher suite of TLS 1.3 that OpenSSL has; \"openssl ciphers -s -tls1_3\" lists "
        "them, "
        "and \":\" stands between two");
    row(
        "no authorities", [](TlsOptions &o) { o.clientCertificates = net::ClientCertificates::Optional; },
        "clients are to show certificates, and no file says which authorities may have signed them; give a PEM file "
        "with "
        "the certificates of these authorities");
    row(
        "authorities",
        [this](TlsOptions &o) {
            o.clientCertificates = net::ClientCertificates::Required;
            o.clientAuthorities = m_folder.path(QStringLiteral("none.pem"));
        },
        "%DIR/none.pem: there is no such file; give the path of a PEM file with the certificates of the authorities "
        "that "
        "sign "
        "for clients");
    row(
        "protocol",
        [](TlsOptions &o) {
            o.protocols = {"http/1.1", ""};
        },
        "a protocol to agree on has 0 bytes; write 1 to 255, such as \"http/1.1\"");
}

void TestTlsContext::refused()
{
    QFETCH(std::function<void(TlsOptions &)>, change);
    QFETCH(QString, message);
    TlsOptions options = m_options;
    change(options);
    const auto context = TlsContext::create(options);
    QVERIFY(!context.ok());
    QCOMPARE(context.error().code(), Error::Invalid);
    if (message.isEmpty()) // the reason is OpenSSL's
        QVERIFY(context.error().message().contains(QStringLiteral("copy the file anew")));
    else
        QCOMPARE(context.error().message(), message.replace(QStringLiteral("%DIR"), m_folder.path({})));
}

void TestTlsContext::whatIsRefusedIsNamed()
{
    using Subject = net::TlsSubject;
    const auto culprit = [this](const std::function<void(TlsOptions &)> &change) {
        TlsOptions options = m_options;
        change(options);
        Subject subject;
        const bool isMade = TlsContext::create(options, &subject).ok();
        return std::tuple(isMade, subject.option, subject.host);
    };
    const auto wrong = [](Subject::Option option, const QString &host = {}) { return std::tuple(false, option, host); };
    const QString absent = m_folder.path(QStringLiteral("none.pem"));
    const QString host = QStringLiteral("a.example");
    QVERIFY(culprit([&](auto &o) { o.certificate.chain = absent; }) == wrong(Subject::Certificate));
    QVERIFY(culprit([&](auto &o) { o.certificate.key = absent; }) == wrong(Subject::Key));
    QVERIFY(culprit([&](auto &o) { o.hosts.insert(host, {absent, absent}); }) == wrong(Subject::Certificate, host));
    QVERIFY(culprit([&](auto &o) {
                o.hosts.insert(host, {o.certificate.chain, absent});
            }) == wrong(Subject::Key, host));
    QVERIFY(culprit([&](auto &o) { o.hosts.insert(QStringLiteral("*"), o.certificate); }) ==
            wrong(Subject::Host, QStringLiteral("*")));
    QVERIFY(culprit([&](auto &o) { o.clientCertificates = net::ClientCertificates::Optional; }) ==
            wrong(Subject::Authorities));
    QVERIFY(culprit([&](auto &o) { o.versions = {}; }) == wrong(Subject::Versions));
    QVERIFY(culprit([&](auto &o) { o.ciphers = QStringLiteral("ENIGMA"); }) == wrong(Subject::Ciphers));
    QVERIFY(culprit([&](auto &o) { o.cipherSuites = QStringLiteral("ENIGMA"); }) == wrong(Subject::CipherSuites));
    QVERIFY(culprit([&](auto &o) { o.protocols = {""}; }) == wrong(Subject::Protocols));
}

void TestTlsContext::keyBesideItsCertificate()
{
    TlsOptions options;
    const QString both = m_folder.write(QStringLiteral("both.pem"), keyPemOf(m_server) + "text\n" + pemOf(m_server));
    options.certificate = {both, both};
    QVERIFY(TlsContext::create(options).ok());
}

void TestTlsContext::warnings()
{
    TlsOptions options = m_options;
    options.certificate = m_folder.write(QStringLiteral("old"), newIdentity("old", {}, nullptr, -3));
    QFile::setPermissions(options.certificate.key, QFile::ReadOwner | QFile::ReadOther);
    options.hosts.insert(QStringLiteral("a.example"), options.certificate); // said once
    const auto context = TlsContext::create(options);
    QVERIFY(context.ok());
    const QList<net::TlsWarning> &warnings = (*context)->warnings();
    QCOMPARE(warnings.size(), 2);
    QVERIFY2(
        warnings.at(0).text.startsWith(options.certificate.chain + QStringLiteral(": the certificate expired at 20")),
        qPrintable(warnings.at(0).text));
    QCOMPARE(warnings.at(0).subject.option, net::TlsSubject::Certificate);
    QCOMPARE(warnings.at(1).subject.option, net::TlsSubject::Key);
    QCOMPARE(
        warnings.at(1).text,
        options.certificate.key +
            QStringLiteral(": every user of this machine can read the private key; chmod 600 keeps it for its owner"));

    for (const int days : {29, 31}) {
        options = m_options;
        options.certificate = m_folder.write(QStringLiteral("soon"), newIdentity("soon", {}, nullptr, days));
        const auto soon = TlsContext::create(options);
        QVERIFY(soon.ok());
        QCOMPARE((*soon)->warnings().size(), days < 30 ? 1 : 0);
        if (days < 30) {
            const QString &warning = (*soon)->warnings().constFirst().text;
            QVERIFY2(warning.startsWith(options.certificate.chain + QStringLiteral(": the certificate expires at 20")),
                     qPrintable(warning));
        }
    }
}

void TestTlsContext::ticketKeysRotate()
{
    TlsTicketKeys keys;
    const base::MonotonicTime start = base::coarseNow();
    const auto nameAt = [&](base::MonotonicTime time) {
        const auto key = keys.current(time);
        return key ? QByteArray(reinterpret_cast<const char *>(key->name.data()), 16) : QByteArray();
    };
    const QByteArray first = nameAt(start);
    QCOMPARE(nameAt(start + 12h - 1s), first);
    QVERIFY(keys.find(first, start + 12h - 1s)->isCurrent);
    QVERIFY(!keys.find(QByteArray(16, 'x'), start));
    const QByteArray second = nameAt(start + 13h);
    QVERIFY(second != first);
    QVERIFY(!keys.find(first, start + 13h)->isCurrent);
    QVERIFY(keys.find(first, start + 24h - 1s));
    QVERIFY(!keys.find(first, start + 24h));
    QVERIFY(keys.find(second, start + 24h)->isCurrent);
}

void TestTlsContext::ticketKeysOfAnIdleServer()
{
    // Nobody seals anything for days: what was sealed before is not opened.
    TlsTicketKeys keys;
    const base::MonotonicTime start = base::coarseNow();
    const auto key = keys.current(start);
    QVERIFY(key);
    const QByteArrayView name(key->name.data(), 16);
    QVERIFY(keys.find(name, start + 20h));
    QVERIFY(!keys.find(name, start + 100h));
}

QTEST_GUILESS_MAIN(TestTlsContext)
#include "tst_tlscontext.moc"
