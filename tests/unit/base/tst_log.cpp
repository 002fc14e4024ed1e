#include "base/log.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLoggingCategory>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/resource.h>

using namespace Quern;

Q_LOGGING_CATEGORY(logProbe, "quern.probe", QtInfoMsg)

namespace {

constexpr int threadCount = 4;
constexpr int linesPerThread = 500;
/// A speech of all threads makes about eleven files of it.
constexpr base::LogRotation rotationOfSpeech = {50'000, {}, 20};

/// As on a disk that has a little room left: a long line is too much, a short one is not.
void speakWithLittleRoom()
{
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before = {};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit = {1000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    qInfo().noquote() << QByteArray(2000, 'x');
    ::setrlimit(RLIMIT_FSIZE, &before);
    qInfo("a short line");
}

/// Logs in a process of its own: arguments are style, level, file and what to say.
int speak(const QStringList &arguments)
{
    base::LogTarget target;
    target.style = arguments[0] == u"text"   ? base::LogStyle::Text
                   : arguments[0] == u"json" ? base::LogStyle::Json
                                             : base::LogStyle::PriorityPrefix;
    target.levels.general = base::LogLevel(arguments[1].toInt());
    target.rotation = rotationOfSpeech;
    target.file = arguments[2];
    target.role = QStringLiteral("master");
    if (const Result<void> started = base::startLog(target); !started) {
        std::printf("%d %s\n", int(started.error().code()), qPrintable(started.error().message()));
        return 3;
    }
    if (arguments[3] == QStringLiteral("levels")) {
        qDebug("a debug line");
        qCDebug(logProbe, "a debug line of ours");
        qInfo("an info line");
        qCInfo(logProbe, "an info line of ours");
        qWarning("a warning");
        qCritical("an error");
    } else if (arguments[3] == QStringLiteral("control")) {
        qInfo().noquote() << QStringLiteral("tab\tbell\a escape\x1b[31m return\r delete\x7f csi\u009b1m caf\u00e9");
        qInfo().noquote() << QStringLiteral("two\nlines");
    } else if (arguments[3] == QStringLiteral("little room")) {
        speakWithLittleRoom();
    } else if (arguments[3] == QStringLiteral("child")) {
        for (const char *line : {"<7>a\x1f"
                                 "debug",
                                 "<3>a.b\x1ftwo\x1elines", "plain", "<5>other", "<4>caf\xc3\xa9\nforged"})
            base::logChildLine(QStringLiteral("worker 2"), 7, line);
        base::LogLevels levels;
        if (!levels.change(QStringLiteral("stdout=warning")))
            return 4;
        base::setLogLevels(levels);
        for (const char *line : {"plain", "<4>plain warning", "<6>stdin\x1finfo"})
            base::logChildLine(QStringLiteral("worker 2"), 7, line);
    } else {
        std::vector<std::thread> threads;
        for (int i = 0; i < threadCount; ++i) {
            threads.emplace_back([i] {
                for (int line = 0; line < linesPerThread; ++line)
                    qInfo("thread %d line %d %s", i, line, QByteArray(200, char('a' + i)).constData());
            });
        }
        for (std::thread &thread : threads)
            thread.join();
    }
    return 0;
}

struct Spoken
{
    QByteArrayList lines; ///< of standard error, or of the file if one was given
    QByteArray output;
    int exitCode = 0;
};

Spoken spoken(const QString &style, base::LogLevel level, const QString &what, const QString &file = {})
{
    QProcess process;
    process.start(QCoreApplication::applicationFilePath(),
                  {QStringLiteral("--speak"), style, QString::number(int(level)), file, what});
    if (!process.waitForFinished())
        qFatal("the child did not finish");
    Spoken result;
    result.exitCode = process.exitCode();
    result.output = process.readAllStandardOutput().trimmed();
    QByteArray log = process.readAllStandardError();
    if (!file.isEmpty()) {
        QFile written(file);
        log += written.open(QIODevice::ReadOnly) ? written.readAll() : QByteArray();
    }
    if (log.endsWith('\n'))
        log.chop(1);
    result.lines = log.split('\n');
    return result;
}

/// The lines without the time at their front, which is checked.
QByteArrayList withoutTime(const QByteArrayList &lines)
{
    static const QRegularExpression stamp(QStringLiteral("^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} "));
    QByteArrayList result;
    for (const QByteArray &line : lines) {
        const QRegularExpressionMatch match = stamp.match(QString::fromUtf8(line));
        const QDateTime time =
            QDateTime::fromString(match.captured().trimmed(), QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz"));
        const bool recent = time.isValid() && qAbs(time.secsTo(QDateTime::currentDateTime())) < 120;
        result.append(recent ? line.mid(match.capturedLength()) : "no time: " + line);
    }
    return result;
}

} // namespace

class TestLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void levels_data();
    void levels();
    void textStyle();
    void controlCharactersAndLines();
    void jsonStyle();
    void childLines();
    void appendsToTheFile();
    void fileThatCannotBeOpened_data();
    void fileThatCannotBeOpened();
    void aLossIsToldWithItsNumber();
    void linesOfThreadsDoNotMix();
};

void TestLog::levels_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<QByteArrayList>("lines");
    const QByteArrayList errors = {"<3>default\x1f"
                                   "an error"};
    const QByteArrayList warnings = QByteArrayList({"<4>default\x1f"
                                                    "a warning"}) +
                                    errors;
    const QByteArrayList infos = QByteArrayList({"<6>default\x1f"
                                                 "an info line",
                                                 "<6>quern.probe\x1f"
                                                 "an info line of ours"}) +
                                 warnings;
    const QByteArrayList debugs = QByteArrayList({"<7>default\x1f"
                                                  "a debug line",
                                                  "<7>quern.probe\x1f"
                                                  "a debug line of ours"}) +
                                  infos;
    QTest::newRow("debug") << int(base::LogLevel::Debug) << debugs;
    QTest::newRow("info") << int(base::LogLevel::Info) << infos;
    QTest::newRow("warning") << int(base::LogLevel::Warning) << warnings;
    QTest::newRow("error") << int(base::LogLevel::Error) << errors;
}

void TestLog::levels()
{
    QFETCH(const int, level);
    QFETCH(const QByteArrayList, lines);
    QCOMPARE(spoken(QStringLiteral("prefix"), base::LogLevel(level), QStringLiteral("levels")).lines, lines);
}

void TestLog::textStyle()
{
    const Spoken log = spoken(QStringLiteral("text"), base::LogLevel::Debug, QStringLiteral("levels"));
    QCOMPARE(withoutTime(log.lines),
             QByteArrayList({"debug master    a debug line", "debug master    a debug line of ours",
                             "info  master    an info line", "info  master    an info line of ours",
                             "warn  master    a warning", "error master    an error"}));
}

void TestLog::controlCharactersAndLines()
{
    const QByteArray text = "tab\tbell\\x07 escape\\x1b[31m return\\x0d delete\\x7f csi\\xc2\\x9b1m caf\xc3\xa9";
    const QString what = QStringLiteral("control");
    QCOMPARE(withoutTime(spoken(QStringLiteral("text"), base::LogLevel::Info, what).lines),
             QByteArrayList({"info  master    " + text, "info  master    two", "info  master      | lines"}));
    QCOMPARE(spoken(QStringLiteral("prefix"), base::LogLevel::Info, what).lines,
             QByteArrayList({"<6>default\x1f" + text, "<6>default\x1ftwo\x1elines"}));
}

void TestLog::jsonStyle()
{
    const QByteArrayList lines = spoken(QStringLiteral("json"), base::LogLevel::Info, QStringLiteral("control")).lines;
    QCOMPARE(lines.size(), 2);
    const QJsonObject object = QJsonDocument::fromJson(lines.at(1)).object();
    QCOMPARE(object.keys(), QStringList({QStringLiteral("category"), QStringLiteral("level"), QStringLiteral("message"),
                                         QStringLiteral("pid"), QStringLiteral("role"), QStringLiteral("time")}));
    QCOMPARE(object.value(u"message").toString(), QStringLiteral("two\nlines"));
    QCOMPARE(object.value(u"category").toString(), QStringLiteral("default"));
    QVERIFY(object.value(u"pid").toInteger() > 1);
    const QDateTime time = QDateTime::fromString(object.value(u"time").toString(), Qt::ISODateWithMs);
    QCOMPARE(time.timeSpec(), Qt::UTC);
    QVERIFY(qAbs(time.secsTo(QDateTime::currentDateTime())) < 120);
}

void TestLog::childLines()
{
    const Spoken log = spoken(QStringLiteral("text"), base::LogLevel::Info, QStringLiteral("child"));
    QCOMPARE(withoutTime(log.lines),
             QByteArrayList({"debug worker 2  debug", "error worker 2  two", "error worker 2    | lines",
                             "info  worker 2  plain", "info  worker 2  <5>other",
                             "warn  worker 2  caf\xc3\xa9\\x0a"
                             "forged",
                             "warn  worker 2  plain warning", "info  worker 2  info"}));
    const QByteArrayList json = spoken(QStringLiteral("json"), base::LogLevel::Info, QStringLiteral("child")).lines;
    QVERIFY2(json.value(0).endsWith("\"role\":\"worker 2\",\"pid\":7,\"category\":\"a\",\"message\":\"debug\"}"),
             json.value(0).constData());
    QVERIFY2(json.value(2).endsWith("\"category\":\"stdout\",\"message\":\"plain\"}"), json.value(2).constData());
}

void TestLog::appendsToTheFile()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("quern.log"));
    QFile before(path);
    QVERIFY(before.open(QIODevice::WriteOnly));
    before.write("<6>earlier\n");
    before.close();
    const Spoken log = spoken(QStringLiteral("prefix"), base::LogLevel::Error, QStringLiteral("levels"), path);
    QCOMPARE(log.lines, QByteArrayList({"<6>earlier", "<3>default\x1f"
                                                      "an error"}));

    const QString fresh = folder.filePath(QStringLiteral("fresh.log"));
    spoken(QStringLiteral("prefix"), base::LogLevel::Error, QStringLiteral("levels"), fresh);
    QVERIFY(!(QFile::permissions(fresh) & (QFile::ReadOther | QFile::WriteOther | QFile::WriteGroup)));
}

void TestLog::fileThatCannotBeOpened_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("code");
    QTest::newRow("missing folder") << QStringLiteral("missing/quern.log") << int(Error::NotFound);
    QTest::newRow("a folder") << QStringLiteral(".") << int(Error::Io);
}

void TestLog::fileThatCannotBeOpened()
{
    QFETCH(const QString, name);
    QFETCH(const int, code);
    const QTemporaryDir folder;
    const QString path = folder.filePath(name);
    const Spoken log = spoken(QStringLiteral("text"), base::LogLevel::Info, QStringLiteral("levels"), path);
    QCOMPARE(log.exitCode, 3);
    const QByteArray expected = QByteArray::number(code) + " cannot open the log file " + path.toUtf8() + ": ";
    QVERIFY2(log.output.startsWith(expected), log.output.constData());
}

void TestLog::aLossIsToldWithItsNumber()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("quern.log"));
    const Spoken log = spoken(QStringLiteral("text"), base::LogLevel::Info, QStringLiteral("little room"), path);
    const QByteArray file = path.toUtf8();
    const QByteArray lost = "error master    cannot write the log file " + file + ": File too large; lines are lost";
    const QByteArray again = "warn  master    the log file " + file + " takes lines again; 1 were lost";
    // First what standard error has.
    QCOMPARE(withoutTime(log.lines), QByteArrayList({lost, again, "info  master    a short line", again}));
}

void TestLog::linesOfThreadsDoNotMix()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("quern.log"));
    spoken(QStringLiteral("text"), base::LogLevel::Info, QStringLiteral("threads"), path);
    QByteArrayList lines;
    int files = 0;
    for (QString name = path; QFile::exists(name); name = path + u'.' + QString::number(++files)) {
        QFile file(name);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(quint64(file.size()) <= rotationOfSpeech.size, qPrintable(name));
        lines = withoutTime(file.readAll().trimmed().split('\n')) + lines;
    }
    QVERIFY2(files > 5, "the log was not rotated");
    QCOMPARE(lines.size(), threadCount * linesPerThread);
    int next[threadCount] = {};
    for (const QByteArray &line : lines) {
        const int thread = line.mid(int(qstrlen("info  master    thread ")), 1).toInt();
        QCOMPARE(line, QStringLiteral("info  master    thread %1 line %2 %3")
                           .arg(thread)
                           .arg(next[thread]++)
                           .arg(QString(200, QChar(u'a' + thread)))
                           .toLatin1());
    }
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    if (argc > 1 && std::strcmp(argv[1], "--speak") == 0)
        return speak(QCoreApplication::arguments().mid(2));
    TestLog testCase;
    QTEST_SET_MAIN_SOURCE_PATH
    return QTest::qExec(&testCase, argc, argv);
}

#include "tst_log.moc"
