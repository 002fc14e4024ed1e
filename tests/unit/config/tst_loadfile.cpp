#include "settingsfile.h"

#include "base/filedescriptor.h"

#include <QDeadlineTimer>
#include <QTest>

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace Quern;
using namespace Quern::config;

/// The file itself: its encoding, its size, and whether it can be read at all.
class tst_LoadFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void encodings_data();
    void encodings();
    void emptyFileGivesTheDefaults();
    void missingFile();
    void emptyPath();
    void unreadableFile();
    void fileThatFailsWhileItIsRead();
    void directory();
    void largestFile();
    void fileThatIsTooLarge();
    void endlessFile();
    void syntaxErrors_data();
    void syntaxErrors();
    void toFindAServer();
    void pipes();
    void pipeWithoutWriter();
};

void tst_LoadFile::encodings_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("LF") << QByteArray("# mill\n[server]\nbacklog = 7\n");
    QTest::newRow("CR LF") << QByteArray("# mill\r\n[server]\r\nbacklog = 7\r\n");
    QTest::newRow("byte order mark") << QByteArray("\xef\xbb\xbf# mill\n[server]\nbacklog = 7\n");
    QTest::newRow("byte order mark and CR LF") << QByteArray("\xef\xbb\xbf# mill\r\n[server]\r\nbacklog = 7");
    QTest::newRow("no line end at the end") << QByteArray("# mill\n[server]\nbacklog = 7");
}

void tst_LoadFile::encodings()
{
    QFETCH(QByteArray, bytes);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(bytes);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->server.backlog, 7);
    QCOMPARE(settings->origins.value(QStringLiteral("server.backlog")), QStringLiteral("quern.toml:3"));
}

void tst_LoadFile::emptyFileGivesTheDefaults()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load({});
    QVERIFY(settings.ok());
    const Settings expected = defaults(file.directory());
    QCOMPARE(settings->server, expected.server);
    QCOMPARE(settings->plugins, expected.plugins);
    QCOMPARE(settings->origins, expected.origins);
    QVERIFY(settings->defaultPlugin);
}

void tst_LoadFile::missingFile()
{
    const Result<Settings> settings = load(QStringLiteral("/nowhere/quern.toml"));
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::NotFound);
    QCOMPARE(settings.error().message(),
             QStringLiteral("/nowhere/quern.toml: cannot be read: No such file or directory; correct the path, or "
                            "make the file"));
}

void tst_LoadFile::emptyPath()
{
    const Result<Settings> settings = load({});
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::NotFound);
}

void tst_LoadFile::unreadableFile()
{
    const SettingsFile file;
    SettingsFile::write(QStringLiteral("quern.toml"), "[server]\n");
    QCOMPARE(::chmod("quern.toml", 0), 0);
    // Root reads every file, so the test steps down for a moment.
    constexpr uid_t nobody = 65534;
    const uid_t user = ::geteuid();
    if (user == 0)
        QCOMPARE(::seteuid(nobody), 0);
    const Result<Settings> settings = load(QStringLiteral("quern.toml"));
    if (user == 0)
        QCOMPARE(::seteuid(user), 0);
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Permission);
    QCOMPARE(settings.error().message(),
             QStringLiteral("quern.toml: cannot be read: Permission denied; let the user who runs Quern read it"));
}

void tst_LoadFile::fileThatFailsWhileItIsRead()
{
    // The first page of a process is never mapped: reading it is an error of input.
    const Result<Settings> settings = load(QStringLiteral("/proc/self/mem"));
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Io);
}

void tst_LoadFile::directory()
{
    const SettingsFile file;
    const Result<Settings> settings = load(QStringLiteral("."));
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Invalid);
    QCOMPARE(settings.error().message(), QStringLiteral(".: is a directory; name the settings file in it"));
}

void tst_LoadFile::largestFile()
{
    const SettingsFile file;
    QByteArray bytes("[server]\nbacklog = 7\n#");
    bytes.append(1024 * 1024 - bytes.size(), 'x');
    const Result<Settings> settings = SettingsFile::load(bytes);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->server.backlog, 7);
}

void tst_LoadFile::fileThatIsTooLarge()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(QByteArray(1024 * 1024 + 1, '#'));
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::TooLarge);
    QCOMPARE(settings.error().message(),
             QStringLiteral("quern.toml: has more than 1048576 bytes; is it really a settings file?"));
}

void tst_LoadFile::endlessFile()
{
    const Result<Settings> settings = load(QStringLiteral("/dev/zero"));
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::TooLarge);
}

void tst_LoadFile::syntaxErrors_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("beginning");
    const QString line2 = QStringLiteral("quern.toml:2:");
    QTest::newRow("no value") << QByteArray("[server]\nworker_num =\n") << line2;
    QTest::newRow("no quotes") << QByteArray("[server]\nlisten = 127.0.0.1:80\n") << line2;
    QTest::newRow("open string") << QByteArray("[server]\nlisten = \"127.0.0.1:80\nbacklog = 7\n") << line2;
    QTest::newRow("open bracket") << QByteArray("# mill\n[server\nbacklog = 7\n") << line2;
    QTest::newRow("key twice") << QByteArray("server.backlog = 7\nserver.backlog = 8\n") << line2;
    QTest::newRow("table twice") << QByteArray("[server]\n[server]\n") << line2;
    QTest::newRow("bytes that are no UTF-8") << QByteArray("[server]\nserver = \"\xff\"\n") << line2;
    QTest::newRow("NUL") << QByteArray("[server]\nserver = \"a\0b\"\n", 24) << line2;
    QTest::newRow("integer over 64 bits") << QByteArray("[server]\nbacklog = 99999999999999999999\n") << line2;
}

void tst_LoadFile::syntaxErrors()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, beginning);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(bytes);
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Invalid);
    const QString message = settings.error().message();
    QVERIFY2(message.startsWith(beginning), qPrintable(message));
    QVERIFY2(message.contains(QStringLiteral(": not valid TOML: ")), qPrintable(message));
}

void tst_LoadFile::toFindAServer()
{
    // What is wrong elsewhere keeps nobody from stopping the server.
    const SettingsFile file;
    SettingsFile::write(QStringLiteral("quern.toml"),
                        "[server]\nworker_num = \"two\"\nnonsense = 1\nmax_wait_time = 7\n"
                        "runtime_dir = \"here\"\n[[plugin]]\n");
    const Result<Settings> settings = load(QStringLiteral("quern.toml"), {Purpose::FindServer, {}});
    QVERIFY2(settings, settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->server.runtimeDir, file.directory() + QStringLiteral("/here"));
    QCOMPARE(settings->server.maxWaitTime, std::chrono::milliseconds(7000));
    QVERIFY(!load(QStringLiteral("quern.toml")));
    SettingsFile::write(QStringLiteral("quern.toml"), "[server]\nruntime_dir = 5\n");
    const Result<Settings> unknown = load(QStringLiteral("quern.toml"), {Purpose::FindServer, {}});
    QVERIFY(!unknown);
    QVERIFY2(unknown.error().message().contains(u"runtime_dir"), qPrintable(unknown.error().message()));
}

void tst_LoadFile::pipes()
{
    // As the shell makes them of -c <(…): the writer may have ended, or be slow.
    int ends[2] = {};
    QCOMPARE(::pipe(ends), 0);
    base::FileDescriptor reader(ends[0]);
    base::FileDescriptor writer(ends[1]);
    QCOMPARE(::write(writer.get(), "[server]\n", 9), 9);
    std::thread writing([&reader, &writer] {
        // Only once the first line has been read.
        const QDeadlineTimer deadline(20'000);
        int waiting = 1;
        while (waiting > 0 && !deadline.hasExpired())
            ::ioctl(reader.get(), FIONREAD, &waiting);
        (void)!::write(writer.get(), "backlog = 7\n", 12);
        writer.reset();
    });
    const QString path = QStringLiteral("/dev/fd/%1").arg(reader.get());
    const Result<Settings> settings = load(path);
    writing.join();
    QVERIFY2(settings, settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->server.backlog, 7);
    QVERIFY(load(path)); // its end, at once
}

void tst_LoadFile::pipeWithoutWriter()
{
    const SettingsFile file;
    QCOMPARE(::mkfifo("quern.toml", 0600), 0);
    ::alarm(20);
    const Result<Settings> settings = load(QStringLiteral("quern.toml"));
    ::alarm(0);
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Timeout);
    QCOMPARE(settings.error().message(),
             QStringLiteral("quern.toml: is a pipe that nothing has written to the end within 2 seconds; start what "
                            "writes it first, or name a plain file"));
}

QTEST_GUILESS_MAIN(tst_LoadFile)
#include "tst_loadfile.moc"
