#include "taskstoresupport.h"

#include <QProcess>
#include <QRandomGenerator>
#include <QSet>

#include <cstdio>
#include <unistd.h>

using namespace Quern;
using namespace Quern::tasks;

/// A process that adds and finishes tasks and is killed in the middle of it, again and again. It writes down what it
/// has been promised; what it leaves behind must agree with that.
class tst_TaskCrash : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void killedAtAnyMoment();
};

namespace {

/// Writes a line at once: it is out when this returns.
void note(char what, quint64 id)
{
    const QByteArray line = what + QByteArray::number(id) + '\n';
    if (::write(STDOUT_FILENO, line.constData(), size_t(line.size())) != line.size())
        ::_exit(3);
}

class Diary : public TaskStore::Client
{
public:
    void taskAccepted(quint64 ticket) override { note('a', ticket); }
    void taskRefused(quint64, const Error &error) override { qFatal("%s", qPrintable(error.message())); }
};

/// Until it is killed: works on the database at \a path, with numbers from \a first on.
int work(const QString &path, quint64 first)
{
    Diary diary;
    const Spill spill(QStringLiteral("/nowhere"));
    const auto store = SqliteStore::open(path, {}, diary, spill);
    if (!store)
        qFatal("%s", qPrintable(store.error().message()));
    QRandomGenerator random(quint32(first) + 1);
    std::vector<const TaskRecord *> taken;
    for (quint64 id = first;;) {
        for (int i = random.bounded(1, 40); i > 0; --i)
            (*store)->add(task(id, someTime + random.bounded(-5, 5), random.bounded(10)), id), ++id;
        taken.clear();
        (*store)->takeDue(someTime, random.bounded(40), taken);
        std::vector<quint64> finished;
        for (const TaskRecord *record : taken) {
            const quint64 number = record->id;
            switch (random.bounded(6)) {
            case 0:
                (*store)->retry(number, {record->attempts + 1, someTime, 0, QStringLiteral("no grain")});
                break;
            case 1:
                break; // it runs on
            default:
                note('f', number);
                (*store)->finish(number);
                finished.push_back(number);
            }
        }
        (*store)->commit(someTime);
        for (const quint64 number : finished)
            note('d', number);
    }
}

} // namespace

void tst_TaskCrash::killedAtAnyMoment()
{
    constexpr quint64 perLife = 10'000'000;
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("tasks.db"));
    QRandomGenerator random(QRandomGenerator::global()->generate());
    QSet<quint64> accepted; // and not known to be finished for good
    QSet<quint64> finishing;
    QSet<quint64> finished;
    quint64 ends = 0;
    for (quint64 life = 1; life <= 20; ++life) {
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QCoreApplication::applicationFilePath(),
                      {QStringLiteral("--work"), path, QString::number(life * perLife)});
        QVERIFY(process.waitForStarted(30'000));
        QByteArray diary;
        const qsizetype enough = random.bounded(1, 60'000);
        while (diary.size() < enough) {
            QVERIFY2(process.waitForReadyRead(30'000), "it writes no more");
            diary += process.readAll();
        }
        process.kill();
        QVERIFY(process.waitForFinished(30'000));
        QVERIFY(process.exitStatus() == QProcess::CrashExit);
        diary += process.readAll();
        // A line without its end was not written whole.
        for (const QByteArray &line : diary.left(diary.lastIndexOf('\n')).split('\n')) {
            const quint64 id = line.mid(1).toULongLong();
            QVERIFY2(id != 0, line.constData());
            if (line.startsWith('a')) {
                accepted.insert(id);
            } else if (line.startsWith('f')) {
                finishing.insert(id);
            } else {
                finished.insert(id);
                ++ends;
            }
        }
        QSet<quint64> left;
        {
            Answers answers;
            const Spill spill(directory.path());
            const auto store = SqliteStore::open(path, {}, answers, spill);
            QVERIFY2(store, store ? "" : qPrintable(store.error().message()));
            std::vector<const TaskRecord *> taken;
            (*store)->takeDue(someTime + 1'000'000, 100'000'000, taken);
            for (const TaskRecord *record : taken) {
                QVERIFY2(!left.contains(record->id), "one task twice");
                left.insert(record->id);
                QCOMPARE(record->payload, task(record->id).payload);
            }
        }
        const QSet<quint64> lost = accepted - finishing - left;
        QVERIFY2(lost.isEmpty(), qPrintable(QStringLiteral("%1 accepted and lost").arg(lost.size())));
        const QSet<quint64> back = left & finished;
        QVERIFY2(back.isEmpty(), qPrintable(QStringLiteral("%1 finished and there again").arg(back.size())));
        // What the end cut off in the middle: it is there or not, and from now on that holds.
        accepted = left;
        finishing.clear();
        finished.clear();
    }
    QVERIFY2(ends > 1'000, qPrintable(QString::number(ends)));
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    if (argc == 4 && qstrcmp(argv[1], "--work") == 0)
        return work(QFile::decodeName(argv[2]), QByteArray(argv[3]).toULongLong());
    tst_TaskCrash test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_taskcrash.moc"
