#include "settingsfile.h"

#include "config/difference.h"

using namespace Quern;
using namespace Quern::config;
using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

/// What [admin] may say, beside what tst_keytables reads.
class tst_AdminSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusals_data();
    void refusals();
    void permitted_data();
    void permitted();
    void changes();
};

void tst_AdminSettings::refusals_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const QByteArray &toml, const QString &expected) {
        QTest::newRow(name) << "[admin]\nenable = true\n" + toml << expected;
    };
    row("seen from elsewhere in plain text", "listen = \"0.0.0.0:5201\"\n",
        u"quern.toml:3: admin.listen: \"0.0.0.0:5201\" would send tokens over the network as plain text; write "
        u"\"tls:\" "
        "before it, or insecure_remote = true if something else protects it"_s);
    row("one of two", "listen = [\"127.0.0.1:1\",\n\"[fd00::1]:1\"]\n",
        u"quern.toml:4: admin.listen: \"[fd00::1]:1\" would send tokens over the network"_s);
    row("a Unix socket", "listen = \"unix:/run/admin.sock\"\n",
        u"quern.toml:3: admin.listen: \"unix:/run/admin.sock\" is a Unix socket, and"_s);
    row("TLS without a certificate", "listen = \"tls:0.0.0.0:5201\"\n",
        u"quern.toml:3: admin.listen: \"tls:0.0.0.0:5201\" needs a certificate and its key; write tls_cert_file = "_s);
    row("TLS without the key", "listen = \"tls:0.0.0.0:5201\"\ntls_cert_file = \"a.pem\"\n",
        u"quern.toml:3: admin.listen: \"tls:0.0.0.0:5201\" needs the key of its certificate; write tls_key_file = "_s);
    row("a certificate without TLS", "tls_cert_file = \"a.pem\"\ntls_key_file = \"a.key\"\n",
        u"quern.toml:3: admin.tls_cert_file: is about TLS, which no address of the API speaks"_s);
    row("the port of the server", "listen = \"127.0.0.1:5200\"\n",
        u"quern.toml:3: admin.listen: \"127.0.0.1:5200\" is the address of the default of [server], "
        "\"127.0.0.1:5200\", too; choose another port"_s);
    row("the default is the port of a socket", "[[socket]]\nlisten = \"127.0.0.1:5210\"\nhandler = \"x\"\n",
        u"quern.toml:2: admin.listen: \"127.0.0.1:5210\" is the address of \"127.0.0.1:5210\" of line 4, too; choose "
        "another port"_s);
    row("a host with a port", "hosts = [\"ops.example.org:5201\"]\n",
        u"quern.toml:3: admin.hosts: holds the string \"ops.example.org:5201\", which is not a host name such as"_s);
    row("an origin with a path", "origins = [\"https://ops.example.org/\"]\n",
        u"quern.toml:3: admin.origins: holds the string \"https://ops.example.org/\", which is not an origin such as"_s);
    row("any origin", "origins = \"*\"\n", u"quern.toml:3: admin.origins: holds the string \"*\", which is not"_s);
    row("no connections", "max_connections = 0\n",
        u"quern.toml:3: admin.max_connections: must be an integer from 1 to 10000, not 0; write max_connections = 1"_s);
}

void tst_AdminSettings::refusals()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, expected);
    checkRefused(toml, expected);
}

void tst_AdminSettings::permitted_data()
{
    QTest::addColumn<QByteArray>("toml");
    const auto row = [](const char *name, const QByteArray &toml) { QTest::newRow(name) << "[admin]\n" + toml; };
    row("not enabled: a variable may enable it elsewhere", "listen = \"0.0.0.0:5201\"\ntls_cert_file = \"a.pem\"\n");
    row("not enabled: the port is free", "listen = \"127.0.0.1:5200\"\n");
    row("all of loopback", "enable = true\nlisten = [\"127.9.9.9:1\", \"[::1]:1\"]\n");
    row("TLS", "enable = true\nlisten = \"tls:0.0.0.0:1\"\ntls_cert_file = \"a.pem\"\ntls_key_file = \"a.key\"\n");
    row("protected by something else", "enable = true\nlisten = \"0.0.0.0:1\"\ninsecure_remote = true\n");
    row("no file is no certificate", "enable = true\ntls_cert_file = \"\"\n");
}

void tst_AdminSettings::permitted()
{
    QFETCH(QByteArray, toml);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QVERIFY2(settings.ok(), qPrintable(messageOf(settings)));
}

void tst_AdminSettings::changes()
{
    const SettingsFile file;
    const Settings running = defaults(file.directory());
    const Result<Settings> loaded = SettingsFile::load("[admin]\nmax_body = 2048\ntls_key_file = \"a.key\"\n");
    QVERIFY2(loaded.ok(), qPrintable(messageOf(loaded)));
    QCOMPARE(changedKeys(running, *loaded, Change::Reload), QStringList(u"admin.tls_key_file"_s));
    QCOMPARE(changedKeys(running, *loaded, Change::Restart), QStringList(u"admin.max_body"_s));
}

QTEST_GUILESS_MAIN(tst_AdminSettings)
#include "tst_adminsettings.moc"
