#include "settingsfile.h"

#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::config;

/// Variables in quern.toml, from the process and from .env files.
class tst_Environment : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void expansions_data();
    void expansions();
    void refusals_data();
    void refusals();
    void typedValues();
    void pluginSettingsKeepStrings();
    void origins();
    void precedence();
    void emptyVariables();
    void missingNamedFile();
    void brokenFile();
    void directories();
    void withoutSettingsFile();
    void expansionIsBounded();
    void secretsStayOutOfMessages_data();
    void secretsStayOutOfMessages();
    void toFindAServer_data();
    void toFindAServer();

private:
    std::unique_ptr<SettingsFile> m_file;
};

namespace {

const QString usual = QStringLiteral("quern.toml");

void env(const QByteArray &bytes)
{
    SettingsFile::write(QStringLiteral(".env"), bytes);
}

QString message(const Result<Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

} // namespace

void tst_Environment::init()
{
    m_file = std::make_unique<SettingsFile>();
    qputenv("QUERN_TEST_REAL", "real");
    qunsetenv("WORKERS");
}

void tst_Environment::cleanup()
{
    qunsetenv("QUERN_TEST_REAL");
    m_file.reset();
}

void tst_Environment::expansions_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("expanded");
    const auto row = [](const char *text, const char *expanded) {
        QTest::newRow(text) << QByteArray(text) << QString::fromUtf8(expanded);
    };
    row("${A}", "a");
    row("x${A}y${B}z", "xaybz");
    row("${A}${A}", "aa");
    row("${QUERN_TEST_REAL}", "real");
    row("${NONE:-fall back}", "fall back");
    row("${NONE:-}", "");
    row("${A:-other}", "a");
    row("${EMPTY:-other}", "other");
    row("[${EMPTY}]", "[]");
    row("${NESTED}", "${A} $$");
    row("$$", "$");
    row("$${A}", "${A}");
    row("$$$${A}", "$${A}");
    row("$$$", "$$");
    row("cost: $5 and $", "cost: $5 and $");
    row("$A {A}", "$A {A}");
    row("${NONE:-$5 :- x}", "$5 :- x");
}

void tst_Environment::expansions()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, expanded);
    env("A=a\nB=b\nEMPTY=\nNESTED='${A} $$'\n");
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\nname = \"a\"\n[plugin.settings]\none = \"" +
                                                         text + "\"\nlist = [{ two = '" + text + "' }]\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const QVariantMap own = settings->plugins.constFirst().settings;
    QCOMPARE(own.value(QStringLiteral("one")).toString(), expanded);
    QCOMPARE(own.value(QStringLiteral("list")).toList().constFirst().toMap().value(QStringLiteral("two")).toString(),
             expanded);
}

void tst_Environment::refusals_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *line, const char *message) {
        QTest::newRow(line) << QByteArray(line) << QString::fromUtf8(message);
    };
    row("worker_num = \"${NONE}\"",
        "worker_num: the variable NONE is not set; set it in .env or in the environment, or "
        "write ${NONE:-default}");
    row("listen = [\"127.0.0.1:1\", \"${NONE}\"]", "listen: the variable NONE is not set; set it in .env or in the "
                                                   "environment, or write ${NONE:-default}");
    row("server = \"${A\"", "server: \"${\" is not closed; write ${NAME} or ${NAME:-default}, or $${ for the two "
                            "characters");
    row("server = \"${}\"",
        "server: \"${}\" names no variable; write ${NAME} or ${NAME:-default}, with letters, digits "
        "and \"_\" in the name, or $${ for the two characters");
    row("server = \"${A-b}\"", "server: \"${A-b}\" names no variable; write ${NAME} or ${NAME:-default}, with letters, "
                               "digits and \"_\" in the name, or $${ for the two characters");
    row("server = \"${A:-${B}}\"",
        "server: the default of A holds another \"${\", which is not expanded; write a plain "
        "default");
    row("worker_num = \"${MANY}\"", "worker_num: must be an integer from 1 to 1024, not \"many\" (MANY, .env:1); set "
                                    "MANY=4");
    row("worker_num = \"${BIG}\"",
        "worker_num: must be an integer from 1 to 1024, not 5000 (BIG, .env:2); set BIG=1024");
    row("worker_num = \"${NONE:-0}\"", "worker_num: must be an integer from 1 to 1024, not 0 (the default of NONE); "
                                       "write ${NONE:-1}");
    row("worker_num = \"1${BIG}\"", "worker_num: must be an integer from 1 to 1024, not \"15000\" (BIG, .env:2); write "
                                    "worker_num = 1024");
    row("debug = \"${QUERN_TEST_REAL}\"", "debug: must be true or false, not \"real\" (QUERN_TEST_REAL, the "
                                          "environment); set QUERN_TEST_REAL=false");
    row("package_max_length = \"${MANY}\"",
        "package_max_length: must be a number of bytes or a string such as \"512K\" "
        "or \"8M\", from \"1K\" to \"1G\", not \"many\" (MANY, .env:1); set MANY=2M");
    row("log_level = \"${MANY}\"", "log_level: must be one of \"debug\", \"info\", \"warning\", \"error\", not "
                                   "\"many\" (MANY, .env:1); set MANY=info");
    row("listen = \"${MANY}:80\"", "listen: \"many:80\" names a host instead of an IP address; write \"127.0.0.1:80\" "
                                   "(MANY, .env:1)");
}

void tst_Environment::refusals()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, message);
    env("MANY=many\nBIG=5000\n");
    const Result<Settings> settings = SettingsFile::load("[server]\n" + line + '\n');
    QVERIFY(!settings);
    // The mend for worker_num is the number of processor cores.
    message.replace(QStringLiteral("MANY=4"), QStringLiteral("MANY=%1").arg(defaultWorkerNum()));
    QCOMPARE(settings.error().message(), QStringLiteral("quern.toml:2: server.") + message);
}

void tst_Environment::typedValues()
{
    env("WORKERS=4\nSIZE=8M\nBYTES=4096\nWAIT=0.5\nON=true\nMODE=1\nHEADER=5\nROOT=7\n");
    const Result<Settings> settings = SettingsFile::load(
        "[server]\nworker_num = \"${WORKERS}\"\npackage_max_length = \"${SIZE}\"\n"
        "http_head_max_length = \"${BYTES}\"\nhttp_uri_max_length = 100\nmax_wait_time = \"${WAIT}\"\n"
        "debug = \"${ON}\"\ndispatch_mode = \"${MODE}\"\nserver = \"${HEADER}\"\n"
        "document_root = \"/${ROOT}\"\nmax_conn = \"${NONE:-12}\"\nlisten = \"127.0.0.1:${BYTES}\"\n"
        "[[plugin]]\nname = \"a\"\nenabled = \"${NONE:-false}\"\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->server.workerNum, 4);
    QCOMPARE(settings->server.packageMaxLength, quint64(8 << 20));
    QCOMPARE(settings->server.httpHeadMaxLength, quint32(4096));
    QCOMPARE(settings->server.maxWaitTime, std::chrono::milliseconds(500));
    QVERIFY(settings->server.debug);
    QVERIFY(settings->server.dispatchMode == DispatchMode::RoundRobin);
    QCOMPARE(settings->server.serverHeader, QStringLiteral("5"));
    QCOMPARE(settings->server.documentRoot, QStringLiteral("/7"));
    QCOMPARE(settings->server.maxConn, 12);
    QCOMPARE(settings->server.listen.constFirst().port, 4096);
    QVERIFY(!settings->plugins.constFirst().enabled);
    // A string that no variable has made is no number.
    QVERIFY(!SettingsFile::load("[server]\nworker_num = \"4\"\n"));
}

void tst_Environment::pluginSettingsKeepStrings()
{
    env("PORT=6379\n");
    const Result<Settings> settings =
        SettingsFile::load("[[plugin]]\nname = \"a\"\n[plugin.settings]\nport = \"${PORT}\"\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->plugins.constFirst().settings.value(QStringLiteral("port")), QVariant(QStringLiteral("6379")));
}

void tst_Environment::origins()
{
    env("\nWORKERS=4\nA=1\n");
    const Result<Settings> settings =
        SettingsFile::load("[server]\nworker_num = \"${WORKERS}\"\nserver = \"${QUERN_TEST_REAL}\"\n"
                           "max_conn = \"${NONE:-7}\"\nstatic_locations = [\"/${A}\", \"/${WORKERS}${A}\"]\n"
                           "[[plugin]]\nname = \"a\"\nsettings = { x = { y = \"${A}\" } }\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const auto origin = [&settings](const char *key) { return settings->origins.value(QString::fromUtf8(key)); };
    QCOMPARE(origin("server.backlog"), QStringLiteral("default"));
    QCOMPARE(origin("server.worker_num"), QStringLiteral("quern.toml:2, WORKERS from .env:2"));
    QCOMPARE(origin("server.server"), QStringLiteral("quern.toml:3, QUERN_TEST_REAL from the environment"));
    QCOMPARE(origin("server.max_conn"), QStringLiteral("quern.toml:4, default of NONE"));
    QCOMPARE(origin("server.static_locations"), QStringLiteral("quern.toml:5, A from .env:3, WORKERS from .env:2"));
    QCOMPARE(origin("plugin[0].name"), QStringLiteral("quern.toml:7"));
    QCOMPARE(origin("plugin[0].settings"), QStringLiteral("quern.toml:8, A from .env:3"));
}

void tst_Environment::precedence()
{
    QVERIFY(QDir().mkdir(QStringLiteral("conf")));
    SettingsFile::write(QStringLiteral("conf/.env"), "ONE=1\nTWO=2\nQUERN_TEST_REAL=file\nTHREE=3\n");
    SettingsFile::write(QStringLiteral("conf/.env.production"), "FOUR=4\nTWO=zwei\n");
    SettingsFile::write(QStringLiteral("conf/quern.toml"), "[server]\nserver = \"${ONE} ${TWO} ${QUERN_TEST_REAL}\"\n");
    const QString path = QStringLiteral("conf/quern.toml");
    QCOMPARE(load(path)->server.serverHeader, QStringLiteral("1 2 real"));
    const Result<Settings> settings = load(path, {Purpose::StartServer, QStringLiteral("production")});
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->server.serverHeader, QStringLiteral("1 zwei real"));
    QCOMPARE(settings->origins.value(QStringLiteral("server.server")),
             QStringLiteral("conf/quern.toml:2, ONE from conf/.env:1, TWO from conf/.env.production:2, "
                            "QUERN_TEST_REAL from the environment"));
    const QStringList files = {QStringLiteral("conf/.env.production"), QStringLiteral("conf/.env")};
    QCOMPARE(settings->environmentFiles, files);
    const QList<std::pair<QString, QString>> variables = {{QStringLiteral("FOUR"), QStringLiteral("4")},
                                                          {QStringLiteral("TWO"), QStringLiteral("zwei")},
                                                          {QStringLiteral("ONE"), QStringLiteral("1")},
                                                          {QStringLiteral("THREE"), QStringLiteral("3")}};
    QCOMPARE(settings->environment, variables);
}

void tst_Environment::emptyVariables()
{
    qputenv("QUERN_TEST_REAL", "");
    env("QUERN_TEST_REAL=file\n");
    // It is set, and the process goes before the file; a default stands for an empty one as well.
    QCOMPARE(SettingsFile::load("[server]\nserver = \"${QUERN_TEST_REAL}\"\n")->server.serverHeader, QString());
    QCOMPARE(SettingsFile::load("[server]\nserver = \"${QUERN_TEST_REAL:-x}\"\n")->server.serverHeader,
             QStringLiteral("x"));
}

void tst_Environment::missingNamedFile()
{
    SettingsFile::write(usual, {});
    const Result<Settings> settings = load(usual, {Purpose::StartServer, QStringLiteral("production")});
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::NotFound);
    QCOMPARE(message(settings),
             QStringLiteral(".env.production: there is no such file; make it, or leave out -e production"));
    QVERIFY(load(usual, {Purpose::FindServer, QStringLiteral("production")}));
}

void tst_Environment::brokenFile()
{
    env("A=1\nB\n");
    QCOMPARE(message(SettingsFile::load({})), QStringLiteral(".env:2: has no \"=\"; write NAME=value"));
    env(QByteArray(longestDotenv + 1, '#'));
    QCOMPARE(SettingsFile::load({}).error().code(), Error::TooLarge);
    QVERIFY(QFile::remove(QStringLiteral(".env")));
    QCOMPARE(::mkfifo(".env", 0600), 0);
    ::alarm(20); // nobody writes into it
    QCOMPARE(message(SettingsFile::load({})),
             QStringLiteral(".env: is a pipe or a device; write the variables into a plain file"));
    ::alarm(0);
}

void tst_Environment::directories()
{
    // Python keeps its virtual environments in folders of this name.
    QVERIFY(QDir().mkdir(QStringLiteral(".env")) && QDir().mkdir(QStringLiteral(".env.production")));
    const Result<Settings> settings = SettingsFile::load({});
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->environmentFiles, QStringList());
    QCOMPARE(message(load(usual, {Purpose::StartServer, QStringLiteral("production")})),
             QStringLiteral(".env.production: is a directory; make it a file, or leave out -e production"));
}

void tst_Environment::withoutSettingsFile()
{
    env("A=1\n");
    SettingsFile::write(QStringLiteral(".env.test"), "B=2\n");
    const Result<Settings> settings = loadDefaults(m_file->directory(), {Purpose::StartServer, QStringLiteral("test")});
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->environment.size(), 2);
    QCOMPARE(settings->server, defaults(m_file->directory()).server);
    env("A\n");
    QCOMPARE(message(loadDefaults(m_file->directory())), QStringLiteral(".env:1: has no \"=\"; write NAME=value"));
    QVERIFY(loadDefaults(m_file->directory(), {Purpose::FindServer, {}}));
}

void tst_Environment::expansionIsBounded()
{
    env("A=" + QByteArray(200'000, 'x') + '\n');
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\nname = \"a\"\n[plugin.settings]\nx = \"" +
                                                         QByteArray("${A}").repeated(200'000) + "\"\n");
    QVERIFY(!settings);
    QVERIFY2(message(settings).startsWith(u"quern.toml:4: plugin.settings.x: the variables make this file longer"),
             qPrintable(message(settings)));
}

void tst_Environment::secretsStayOutOfMessages_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QString>("said");
    const auto row = [](const char *lines, const char *said) {
        QTest::newRow(lines) << QByteArray(lines) << QString::fromUtf8(said);
    };
    row("[server]\nworker_num = \"${DB_PASS}\"", "not \"***\" (DB_PASS, .env:1)");
    row("[server]\nlisten = \"${DB_PASS}\"", "listen: \"***\" (DB_PASS, .env:1) is no address; write it such as ");
    row("[server]\nlisten = \"unix:\\t${DB_PASS}\"", "listen: \"***\" (DB_PASS, .env:1) is no address; ");
    row("[server]\nlisten = [\"unix:/${DB_PASS}\", \"unix:/${DB_PASS}\"]", "listen: \"***\" is listed twice");
    row("[server]\nlog_categories = \"${DB_PASS}\"",
        "log_categories: \"***\" (DB_PASS, .env:1) is no category with a level; write it such as ");
    row("[server]\nlog_categories = [\"${DB_PASS}=info\", \"${DB_PASS}=info\"]",
        "the category of \"***\" is listed twice");
    row("[server]\nstatic_locations = [\"/${DB_PASS}\", \"/${DB_PASS}\"]", "\"***\" is listed twice");
    row("[[plugin]]\nfile = \"${DB_PASS}.so\"\n[[plugin]]\nfile = \"${DB_PASS}.so\"", "\"***\" is listed twice");
}

void tst_Environment::secretsStayOutOfMessages()
{
    QFETCH(QByteArray, lines);
    QFETCH(QString, said);
    env("DB_PASS=sesame\n");
    const QString text = message(SettingsFile::load(lines + '\n'));
    QVERIFY2(text.contains(said), qPrintable(text));
    QVERIFY2(!text.contains(u"sesame"), qPrintable(text));
}

void tst_Environment::toFindAServer_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QByteArray>("dotenv");
    QTest::addColumn<QString>("directory"); // empty: it cannot be told
    const auto row = [](const char *name, const char *toml, const char *dotenv, const char *directory) {
        QTest::newRow(name) << QByteArray(toml) << QByteArray(dotenv) << QString::fromUtf8(directory);
    };
    row("variable missing elsewhere", "[server]\nserver = \"${NONE}\"\nruntime_dir = \"here\"\n", "", "here");
    row("variable of the directory", "[server]\nruntime_dir = \"${RUN}\"\n", "RUN=here\n", "here");
    row("variable of the directory missing", "[server]\nruntime_dir = \"${RUN}\"\n", "", "");
    row("broken .env", "[server]\nruntime_dir = \"here\"\n", "RUN\n", "here");
    row("broken .env that may matter", "[server]\nruntime_dir = \"${RUN:-x}\"\n", "RUN\n", "");
    row("no TOML, no line", "[server]\nworker_num =\n", "", ".quern");
    row("no TOML, one line", "[server]\nworker_num =\nruntime_dir = \"here\" # mine\n", "", "here");
    row("no TOML, table not closed", "[server\nruntime_dir = 'here'\n", "", "here");
    row("no TOML, dotted", "server . runtime_dir = \"here\"\nx\n", "", "here");
    row("no TOML, variable", "[server]\nruntime_dir = \"${RUN}\"\nx\n", "RUN=here\n", "here");
    row("no TOML, comment", "[server]\n# runtime_dir = \"here\"\nx\n", "", ".quern");
    row("no TOML, of a plugin", "x\n[[plugin]]\n[plugin.settings]\nruntime_dir = \"here\"\n", "", ".quern");
    row("no TOML, line is what is wrong", "[server]\nruntime_dir = here\n", "", "");
    row("no TOML, twice", "[server]\nruntime_dir = \"a\"\nruntime_dir = \"b\"\n", "", "");
    row("no TOML, above the table", "runtime_dir = \"a\"\n[server]\nx\n", "", "");
    row("no TOML, within a line", "server = { runtime_dir = \"a\", x }\n", "", "");
    row("no TOML, several lines", "[server]\nruntime_dir = \"\"\"\na\"\"\"\nx\n", "", "");
}

void tst_Environment::toFindAServer()
{
    QFETCH(QByteArray, toml);
    QFETCH(QByteArray, dotenv);
    QFETCH(QString, directory);
    env(dotenv);
    SettingsFile::write(usual, toml);
    const Result<Settings> settings = load(usual, {Purpose::FindServer, {}});
    QCOMPARE(settings.ok(), !directory.isEmpty());
    if (settings)
        QCOMPARE(settings->server.runtimeDir, m_file->directory() + u'/' + directory);
}

QTEST_GUILESS_MAIN(tst_Environment)
#include "tst_environment.moc"
