#include "settingsfile.h"

#include "config/describe.h"
#include "config/difference.h"
#include "config/effective.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

/// Settings written anew, their secrets, and what a change of them needs.
class tst_Effective : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void loadsBack_data();
    void loadsBack();
    void secretNames_data();
    void secretNames();
    void secretsAreMasked();
    void textsWithPasswords_data();
    void textsWithPasswords();
    void pluginsAreMasked();
    void socketsAreMasked();
    void changes_data();
    void changes();
    void everyKeyIsOfOneKind();
    void afterAReload();
    void changesOfSockets_data();
    void changesOfSockets();
    void socketsAfterAReload();
    void certificateAfterAReload();
};

namespace {

QString message(const Result<Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

} // namespace

void tst_Effective::loadsBack_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::newRow("defaults") << QByteArray();
    QTest::newRow("no plugin") << QByteArray("plugin = []\n");
    QTest::newRow("server") << QByteArray(
        "[server]\nlisten = [\"[::1]:81\", \"unix:a $$ b.sock\"]\nmax_wait_time = 0.25\nhandle_static = true\n"
        "document_root = '$${ROOT}'\nserver = \"$$x ${A}\"\ntrusted_proxies = [\"10.0.0.0/8\", \"unix\"]\n"
        "log_level = \"warning\"\naccess_log_format = \"json\"\n");
    QTest::newRow("sockets") << QByteArray(
        "[server]\nheartbeat_idle_time = 9\nssl_verify_peer = \"optional\"\nssl_client_cert_file = \"/c\"\n"
        "[[socket]]\nname = \"a\"\nhandler = \"$$h\"\ntype = \"tcp6\"\nlisten = [\"tls:[::1]:1\", \"[::1]:2\"]\n"
        "open_eof_split = true\npackage_eof = \"\\u0000$$\"\npackage_length_type = \"v\"\nheartbeat_idle_time = 0\n"
        "ssl_cert_file = \"/$$a\"\nssl_key_file = \"/b\"\n[socket.ssl_sni_certs.\"*.a.b\"]\nssl_cert_file = \"/$$c\"\n"
        "ssl_key_file = \"d\"\n[[socket]]\ntype = \"websocket\"\nlisten = \"unix:$$x\"\nenabled = false\n"
        "socket_buffer_size = \"2M\"\n[[socket]]\ntype = \"unix_dgram\"\nhandler = \"${A}\"\nlisten = \"unix:y\"\n");
    QTest::newRow("plugins") << QByteArray(
        "[[plugin]]\nname = \"welcome\"\n[plugin.settings]\n\"a.b $${x}\" = \"$${x} \\\" \\\\ \\n ${A}\"\n"
        "list = [1, 2.5, true, 1979-05-27, [], { }, { x = \"$$$$\" }]\nbig = 1e300\n[plugin.settings.deep.er]\ny = "
        "-0.0\n" +
        QByteArray(150, 'k') + " = 1\n[[plugin]]\nfile = \"$$lib.so\"\nenabled = false\n");
}

void tst_Effective::loadsBack()
{
    QFETCH(QByteArray, toml);
    const SettingsFile file;
    SettingsFile::write(QStringLiteral(".env"), "A=${A} $\n");
    const Result<Settings> settings = SettingsFile::load(toml);
    QVERIFY2(settings, qPrintable(message(settings)));
    // Nothing in it is a variable, and no path is relative.
    const QByteArray text = effectiveToml(*settings);
    const Result<Settings> again = parseSettings(text, QStringLiteral("/elsewhere/effective.toml"),
                                                 Environment(QProcessEnvironment()), Purpose::StartServer);
    QVERIFY2(again, qPrintable(message(again) + QString::fromUtf8(text)));
    QCOMPARE(again->server, settings->server);
    QCOMPARE(again->sockets, settings->sockets);
    QCOMPARE(again->plugins, settings->plugins);
    QCOMPARE(again->defaultPlugin, settings->defaultPlugin);
}

void tst_Effective::secretNames_data()
{
    QTest::addColumn<bool>("isSecret");
    for (const char *name : {"password", "DB_PASSWORD", "clientSecret", "token", "APP_KEY", "apikey", "credentials",
                             "DSN", "DB_PASS", "dbPwd", "pwd", "AUTH", "authorization", "private"})
        QTest::newRow(name) << true;
    for (const char *name : {"greeting", "user", "PORT", "host", "PWD", "author", ""})
        QTest::newRow(name) << false;
}

void tst_Effective::secretNames()
{
    QFETCH(bool, isSecret);
    QCOMPARE(isSecretName(QString::fromUtf8(QTest::currentDataTag())), isSecret);
}

void tst_Effective::secretsAreMasked()
{
    const SettingsFile file;
    SettingsFile::write(QStringLiteral(".env"), "APP_SECRET=sesame\nPLAIN=open\n");
    const Result<Settings> settings = SettingsFile::load(
        "[server]\nserver = \"${APP_SECRET}\"\n[[plugin]]\nname = \"a\"\n[[plugin]]\nname = \"b\"\n[plugin.settings]\n"
        "db.password = \"sesame\"\ncredentials = { user = \"sesame\" }\nlist = [\"${PLAIN}\", \"x ${APP_SECRET} y\"]\n"
        "\"db.x\" = \"open\"\nurl = \"redis://me:sesame@host/1\"\nplain = \"http://host:80/a@b\"\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const QByteArray text = effectiveToml(*settings);
    QVERIFY2(!text.contains("sesame"), text.constData());
    QVERIFY2(text.contains("\n#server = \"***\" # quern.toml:2, APP_SECRET from .env:1\n"), text.constData());
    const Result<Settings> again =
        parseSettings(text, QStringLiteral("effective.toml"), Environment(), Purpose::StartServer);
    QVERIFY2(again, qPrintable(message(again)));
    const QVariantMap expected = {
        {QStringLiteral("db"), QVariantMap{{QStringLiteral("password"), secretMask}}},
        {QStringLiteral("credentials"), secretMask},
        {QStringLiteral("list"), QVariantList{QStringLiteral("open"), secretMask}},
        {QStringLiteral("db.x"), QStringLiteral("open")},
        {QStringLiteral("url"), secretMask},
        {QStringLiteral("plain"), QStringLiteral("http://host:80/a@b")},
    };
    QCOMPARE(again->plugins.at(1).settings, expected);
    for (const SettingInfo &info : describe(*settings))
        QVERIFY2(!info.value.contains(u"sesame"), qPrintable(info.key));
    QCOMPARE(effectiveToml(*settings, Secrets::Shown).count("sesame"), 5);
}

void tst_Effective::textsWithPasswords_data()
{
    QTest::addColumn<bool>("isMasked");
    for (const char *text :
         {"redis://me:x@host/1", "mysql://u:a/b@h", "host=x password=y", "Server=x;Pwd = y", "http://h/?api_token=y"})
        QTest::newRow(text) << true;
    for (const char *text :
         {"http://host:80/a@b", "http://host/a:b@c", "me@host", "password", "host=x password=", "author = me"})
        QTest::newRow(text) << false;
}

void tst_Effective::textsWithPasswords()
{
    QFETCH(bool, isMasked);
    const QString text = QString::fromUtf8(QTest::currentDataTag());
    QCOMPARE(masked(text, {}, {}).toString(), isMasked ? secretMask : text);
}

void tst_Effective::pluginsAreMasked()
{
    const SettingsFile file;
    SettingsFile::write(QStringLiteral(".env"), "APP_SECRET=sesame\n");
    const Result<Settings> settings =
        SettingsFile::load("[[plugin]]\nname = \"${APP_SECRET}\"\n[[plugin]]\nfile = \"/x/${APP_SECRET}/libz.so\"\n"
                           "[[plugin]]\nfile = \"/x/libopen.so\"\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const QByteArray text = effectiveToml(*settings);
    QVERIFY2(!text.contains("sesame") && text.contains("file = \"/x/libopen.so\""), text.constData());
    for (const SettingInfo &info : describe(*settings))
        QVERIFY2(!info.value.contains(u"sesame"), qPrintable(info.key));
    QCOMPARE(effectiveToml(*settings, Secrets::Shown).count("sesame"), 2);
}

void tst_Effective::socketsAreMasked()
{
    const SettingsFile file;
    SettingsFile::write(QStringLiteral(".env"), "APP_SECRET=sesame\n");
    const Result<Settings> settings =
        SettingsFile::load("[server]\nssl_cert_file = \"/site.pem\"\nssl_key_file = "
                           "\"/site.key\"\n[server.ssl_sni_certs.a]\nssl_cert_file = \"/a\"\n"
                           "ssl_key_file = \"/a.key\"\n[[socket]]\nname = \"open\"\nhandler = \"x${APP_SECRET}\"\n"
                           "listen = [\"tls:unix:/a\", \"unix:/${APP_SECRET}\"]\nssl_ciphers = \"${APP_SECRET}\"\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const QByteArray text = effectiveToml(*settings);
    QVERIFY2(!text.contains("sesame"), text.constData());
    // Where a key lies is no secret.
    QVERIFY2(text.contains("/site.key") && text.contains("/a.key") && text.contains("name = \"open\""),
             text.constData());
    for (const SettingInfo &info : describe(*settings))
        QVERIFY2(!info.value.contains(u"sesame"), qPrintable(info.key));
    QCOMPARE(effectiveToml(*settings, Secrets::Shown).count("sesame"), 3);
}

void tst_Effective::changes_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QStringList>("live");
    QTest::addColumn<QStringList>("reload");
    QTest::addColumn<QStringList>("restart");
    const auto row = [](const char *name, const QByteArray &toml, const QStringList &live, const QStringList &reload,
                        const QStringList &restart) { QTest::newRow(name) << toml << live << reload << restart; };
    // Compared with one plugin "a" whose setting x is 1.
    const QByteArray same("[[plugin]]\nname = \"a\"\nsettings = { x = 1 }\n");
    row("nothing", same, {}, {}, {});
    row("written otherwise", "[server]\npackage_max_length = 2097152\nmax_wait_time = 3.0\n" + same, {}, {}, {});
    row("three kinds", "[server]\nlisten = \"127.0.0.1:1\"\nworker_num = 77\nlog_level = \"debug\"\n" + same,
        {QStringLiteral("server.log_level")}, {QStringLiteral("server.worker_num")}, {QStringLiteral("server.listen")});
    row("settings of a plugin", "[[plugin]]\nname = \"a\"\nenabled = false\nsettings = { x = 2 }\n", {},
        {QStringLiteral("plugin[0].enabled"), QStringLiteral("plugin[0].settings")}, {});
    row("another plugin", "[[plugin]]\nname = \"b\"\nsettings = { x = 1 }\n", {}, {QStringLiteral("plugin")}, {});
    row("one more plugin", same + "[[plugin]]\nname = \"b\"\n", {}, {QStringLiteral("plugin")}, {});
}

void tst_Effective::changes()
{
    QFETCH(QByteArray, toml);
    QFETCH(QStringList, live);
    QFETCH(QStringList, reload);
    QFETCH(QStringList, restart);
    const SettingsFile file;
    const Result<Settings> running = SettingsFile::load("[[plugin]]\nname = \"a\"\nsettings = { x = 1 }\n");
    const Result<Settings> loaded = SettingsFile::load(toml);
    QVERIFY2(running && loaded, qPrintable(message(loaded)));
    QCOMPARE(changedKeys(*running, *loaded, Change::Live), live);
    QCOMPARE(changedKeys(*running, *loaded, Change::Reload), reload);
    QCOMPARE(changedKeys(*running, *loaded, Change::Restart), restart);
}

void tst_Effective::everyKeyIsOfOneKind()
{
    const SettingsFile file;
    QByteArray toml("[server]\n");
    for (const char *line : {"debug = true", "max_wait_time = 9", "http_compression = false", "backlog = 9"})
        toml += QByteArray(line) + '\n';
    const Settings running = defaults(file.directory());
    const Result<Settings> loaded = SettingsFile::load(toml);
    const QStringList reload = {QStringLiteral("server.max_wait_time"), QStringLiteral("server.http_compression"),
                                QStringLiteral("server.debug")};
    QCOMPARE(changedKeys(running, *loaded, Change::Reload), reload);
    QCOMPARE(changedKeys(running, *loaded, Change::Restart), QStringList(QStringLiteral("server.backlog")));
}

void tst_Effective::afterAReload()
{
    const SettingsFile file;
    const Result<Settings> running =
        SettingsFile::load("[server]\nbacklog = 7\nworker_num = 1\nlog_level = \"debug\"\n");
    const Result<Settings> loaded = SettingsFile::load("[server]\nlisten = \"127.0.0.1:1\"\nworker_num = 3\n"
                                                       "[[plugin]]\nname = \"a\"\n");
    QVERIFY2(running && loaded, qPrintable(message(loaded)));
    const Settings after = afterReload(*running, *loaded);
    // What needs a restart is as it was, with its origin.
    QCOMPARE(after.server.backlog, 7);
    QCOMPARE(after.server.listen, running->server.listen);
    QCOMPARE(after.origins.value(QStringLiteral("server.backlog")), QStringLiteral("quern.toml:2"));
    QCOMPARE(after.origins.value(QStringLiteral("server.listen")), QStringLiteral("default"));
    // The rest is new.
    QCOMPARE(after.server.workerNum, 3);
    QCOMPARE(after.server.logLevel, base::LogLevel::Info);
    QCOMPARE(after.plugins, loaded->plugins);
    QCOMPARE(changedKeys(*running, after, Change::Restart), QStringList());
    QCOMPARE(changedKeys(*loaded, after, Change::Reload), QStringList());
}

namespace {

const QByteArray twoSockets("[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\nsend_timeout = 3\n"
                            "[[socket]]\nhandler = \"b\"\nlisten = \"127.0.0.1:2\"\n");

} // namespace

void tst_Effective::changesOfSockets_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QStringList>("reload");
    QTest::addColumn<QStringList>("restart");
    const auto row = [](const char *name, const QByteArray &toml, const QStringList &reload,
                        const QStringList &restart) { QTest::newRow(name) << toml << reload << restart; };
    row("nothing", twoSockets, {}, {});
    row("another order",
        "[[socket]]\nhandler = \"b\"\nlisten = \"127.0.0.1:2\"\n[[socket]]\nhandler = \"a\"\n"
        "listen = \"127.0.0.1:1\"\nsend_timeout = 3\n",
        {}, {});
    row("addresses, framing and a key of [server]",
        "[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\n"
        "[[socket]]\nhandler = \"b\"\nlisten = \"127.0.0.1:3\"\nopen_length_check = true\nheartbeat_idle_time = 2\n",
        {QStringLiteral("socket a: send_timeout"), QStringLiteral("socket b: heartbeat_idle_time")},
        {QStringLiteral("socket b: listen"), QStringLiteral("socket b: open_length_check")});
    row("what cuts a stream", twoSockets + "open_eof_split = true\n", {}, {QStringLiteral("socket b: open_eof_split")});
    row("the mode of a file",
        "[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\nsend_timeout = 3\n"
        "[[socket]]\nhandler = \"b\"\nlisten = [\"127.0.0.1:2\", \"unix:/b\"]\nunix_socket_mode = \"0666\"\n",
        {}, {QStringLiteral("socket b: listen"), QStringLiteral("socket b: unix_socket_mode")});
    row("what both take from [server]", "[server]\nheartbeat_idle_time = 1\nsend_timeout = 1\n" + twoSockets,
        {QStringLiteral("server.send_timeout"), QStringLiteral("server.heartbeat_idle_time")}, {});
    row("one for another",
        "[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\nsend_timeout = 3\nenabled = false\n"
        "[[socket]]\nhandler = \"c\"\nlisten = \"127.0.0.1:2\"\n",
        {}, {QStringLiteral("socket b"), QStringLiteral("socket c"), QStringLiteral("socket a: enabled")});
}

void tst_Effective::changesOfSockets()
{
    QFETCH(QByteArray, toml);
    QFETCH(QStringList, reload);
    QFETCH(QStringList, restart);
    const SettingsFile file;
    const Result<Settings> running = SettingsFile::load(twoSockets);
    const Result<Settings> loaded = SettingsFile::load(toml);
    QVERIFY2(running && loaded, qPrintable(message(loaded)));
    QCOMPARE(changedKeys(*running, *loaded, Change::Live), QStringList());
    QCOMPARE(changedKeys(*running, *loaded, Change::Reload), reload);
    QCOMPARE(changedKeys(*running, *loaded, Change::Restart), restart);
    // A reload does the one part, and leaves the other.
    const Settings after = afterReload(*running, *loaded);
    QCOMPARE(changedKeys(*running, after, Change::Restart), QStringList());
    QCOMPARE(changedKeys(*running, after, Change::Reload), reload);
    QCOMPARE(changedKeys(after, *loaded, Change::Reload), QStringList());
}

void tst_Effective::socketsAfterAReload()
{
    const SettingsFile file;
    const Result<Settings> running = SettingsFile::load(twoSockets);
    const Result<Settings> loaded = SettingsFile::load(
        "[server]\nheartbeat_idle_time = 1\noutput_buffer_total = \"1G\"\n[[socket]]\nhandler = \"b\"\n"
        "listen = \"127.0.0.1:3\"\nheartbeat_idle_time = 2\n[[socket]]\nhandler = \"new\"\nlisten = "
        "\"127.0.0.1:4\"\nsend_timeout = 4\n");
    QVERIFY2(running && loaded, qPrintable(message(loaded)));
    const Settings after = afterReload(*running, *loaded);
    QCOMPARE(after.sockets.size(), 2);
    // The one that is gone goes on, with what [server] says now; the new one is not there yet.
    QCOMPARE(after.sockets.at(0).own.sendTimeout, std::chrono::seconds(3));
    QCOMPARE(after.sockets.at(0).own.heartbeatIdleTime, std::chrono::seconds(1));
    QCOMPARE(after.origins.value(QStringLiteral("socket[0].send_timeout")), QStringLiteral("quern.toml:4"));
    QCOMPARE(after.sockets.at(1).listen.constFirst().port, 2);
    QCOMPARE(after.origins.value(QStringLiteral("socket[1].listen")), QStringLiteral("quern.toml:7"));
    QCOMPARE(after.sockets.at(1).own.heartbeatIdleTime, std::chrono::seconds(2));
    QCOMPARE(after.origins.value(QStringLiteral("socket[1].heartbeat_idle_time")), QStringLiteral("quern.toml:7"));
    QVERIFY(!after.origins.contains(QStringLiteral("socket[1].send_timeout")));
    // What only a restart changes in [server] is the same everywhere.
    QCOMPARE(after.sockets.at(1).own.outputBufferTotal, running->server.outputBufferTotal);
}

void tst_Effective::certificateAfterAReload()
{
    const QByteArray tls("listen = \"tls:127.0.0.1:1\"\nssl_cert_file = \"/a\"\nssl_key_file = \"/b\"\n");
    const QByteArray socket("[[socket]]\nhandler = \"a\"\n");
    const SettingsFile file;
    const Result<Settings> server = SettingsFile::load("[server]\n" + tls);
    const Result<Settings> own = SettingsFile::load(socket + tls);
    const Result<Settings> bare = SettingsFile::load(socket + "listen = \"127.0.0.1:1\"\n");
    QVERIFY(server && own && bare);
    // The ports speak TLS until the server is started anew.
    const Settings first = afterReload(*server, *bare);
    QVERIFY(first.server.listen.constFirst().tls);
    QCOMPARE(first.server.sslCertFile, QStringLiteral("/a"));
    QCOMPARE(first.origins.value(QStringLiteral("server.ssl_key_file")), QStringLiteral("quern.toml:4"));
    const Settings second = afterReload(*own, *bare);
    QVERIFY(second.sockets.constFirst().listen.constFirst().tls);
    QCOMPARE(second.sockets.constFirst().own.sslKeyFile, QStringLiteral("/b"));
    QCOMPARE(second.origins.value(QStringLiteral("socket[0].ssl_key_file")), QStringLiteral("quern.toml:5"));
    QCOMPARE(second.server.sslCertFile, QString());
    // The files of single hosts keep the places that they have in the new file.
    const Result<Settings> hosts = SettingsFile::load(
        socket + tls + "[socket.ssl_sni_certs.\"A.b\"]\nssl_cert_file = \"/c\"\nssl_key_file = \"/d\"\n");
    const Settings third = afterReload(*own, *hosts);
    QCOMPARE(third.origins.value(QStringLiteral("socket[0].ssl_sni_certs.\"a.b\".ssl_key_file")),
             QStringLiteral("quern.toml:8"));
}

QTEST_GUILESS_MAIN(tst_Effective)
#include "tst_effective.moc"
