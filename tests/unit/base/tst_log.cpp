#include "base/log.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QLoggingCategory>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

using namespace Quern;

Q_LOGGING_CATEGORY(logProbe, "quern.probe", QtInfoMsg)

namespace {

constexpr int threadCount = 4;
constexpr int linesPerThread = 500;

/// Logs in a process of its own: arguments are style, level, file and what to say.
int speak(const QStringList &arguments)
{
    base::LogTarget target;
    target.style = arguments[0] == QStringLiteral("full") ? base::LogStyle::Full : base::LogStyle::PriorityPrefix;
    target.level = base::LogLevel(arguments[1].toInt());
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
    } else if (arguments[3] == QStringLiteral("child")) {
        for (const char *line : {"<7>debug", "<6>info", "<4>warning", "<3>error", "plain", "<5>other", "<6", "", "<3>",
                                 "esc\x1b]0;x", "<4>caf\xc3\xa9\nforged"})
            base::logChildLine(QStringLiteral("worker 2"), line);
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
    void fullStyle();
    void controlCharactersAndLines();
    void childLines();
    void childLinesWithPrefix();
    void appendsToTheFile();
    void fileThatCannotBeOpened_data();
    void fileThatCannotBeOpened();
    void linesOfThreadsDoNotMix();
};

void TestLog::levels_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<QByteArrayList>("lines");
    const QByteArrayList errors = {"<3>an error"};
    const QByteArrayList warnings = QByteArrayList({"<4>a warning"}) + errors;
    const QByteArrayList infos = QByteArrayList({"<6>an info line", "<6>an info line of ours"}) + warnings;
    const QByteArrayList debugs = QByteArrayList({"<7>a debug line", "<7>a debug line of ours"}) + infos;
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

void TestLog::fullStyle()
{
    const Spoken log = spoken(QStringLiteral("full"), base::LogLevel::Debug, QStringLiteral("levels"));
    QCOMPARE(withoutTime(log.lines),
             QByteArrayList({"debug master    a debug line", "debug master    a debug line of ours",
                             "info  master    an info line", "info  master    an info line of ours",
                             "warn  master    a warning", "error master    an error"}));
}

void TestLog::controlCharactersAndLines()
{
    const QByteArrayList text = {"tab\tbell\\x07 escape\\x1b[31m return\\x0d delete\\x7f csi\\xc2\\x9b1m caf\xc3\xa9",
                                 "two", "  | lines"};
    QByteArrayList full, prefixed;
    for (const QByteArray &line : text) {
        full.append("info  master    " + line);
        prefixed.append("<6>" + line);
    }
    const QString what = QStringLiteral("control");
    QCOMPARE(withoutTime(spoken(QStringLiteral("full"), base::LogLevel::Info, what).lines), full);
    QCOMPARE(spoken(QStringLiteral("prefix"), base::LogLevel::Info, what).lines, prefixed);
}

void TestLog::childLines()
{
    const Spoken log = spoken(QStringLiteral("full"), base::LogLevel::Info, QStringLiteral("child"));
    QCOMPARE(
        withoutTime(log.lines),
        QByteArrayList({"debug worker 2  debug", "info  worker 2  info", "warn  worker 2  warning",
                        "error worker 2  error", "info  worker 2  plain", "info  worker 2  <5>other",
                        "info  worker 2  <6", "info  worker 2  ", "error worker 2  ", "info  worker 2  esc\\x1b]0;x",
                        "warn  worker 2  caf\xc3\xa9\\x0a"
                        "forged"}));
}

void TestLog::childLinesWithPrefix()
{
    const Spoken log = spoken(QStringLiteral("prefix"), base::LogLevel::Info, QStringLiteral("child"));
    QCOMPARE(log.lines.first(4), QByteArrayList({"<7>debug", "<6>info", "<4>warning", "<3>error"}));
    QCOMPARE(log.lines.value(4), QByteArray("<6>plain"));
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
    QCOMPARE(log.lines, QByteArrayList({"<6>earlier", "<3>an error"}));

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
    const Spoken log = spoken(QStringLiteral("full"), base::LogLevel::Info, QStringLiteral("levels"), path);
    QCOMPARE(log.exitCode, 3);
    const QByteArray expected = QByteArray::number(code) + " cannot open the log file " + path.toUtf8() + ": ";
    QVERIFY2(log.output.startsWith(expected), log.output.constData());
}

void TestLog::linesOfThreadsDoNotMix()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("quern.log"));
    const Spoken log = spoken(QStringLiteral("full"), base::LogLevel::Info, QStringLiteral("threads"), path);
    const QByteArrayList lines = withoutTime(log.lines);
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
