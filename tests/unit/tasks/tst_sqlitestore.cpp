#include "diskfaults.h"
#include "taskstoresupport.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlQuery>

#include <malloc.h>
#include <sys/stat.h>

using namespace Quern;
using namespace Quern::tasks;

/// What the queue in SQLite promises beyond the others.
class tst_SqliteStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup();
    void whatWaitedAndRanIsQueuedAgain();
    void whatWasNotCommittedIsNot();
    void commitReachesTheDisk();
    void diskFull();
    void diskBroken();
    void nothingStartsWhileEndsPileUp();
    void endsWaitForTheDisk();
    void manyTasksLittleMemory();
    void earlierThanTheLoadedPart();
    void manyTasksSmallFile();
    void longQueueGivesItsRoomBack();
    void forItsUserAlone();
    void oneServerAlone();
    void strangeFiles_data();
    void strangeFiles();
    void damagedFile();
    void newerFormat();
    void databaseInMemory();
    void spillFileNames();

private:
    static Error openError(const QString &path);
    /// Runs statements on the database, as another program.
    static void meddle(const QString &path, const QStringList &statements);
};

void tst_SqliteStore::cleanup()
{
    diskfaults::isFull = diskfaults::isBroken = false;
}

Error tst_SqliteStore::openError(const QString &path)
{
    static Answers answers;
    static const Spill spill(QStringLiteral("/nowhere"));
    const auto store = SqliteStore::open(path, {}, answers, spill);
    return store ? Error(Error::Internal, QStringLiteral("it opens")) : store.error();
}

void tst_SqliteStore::meddle(const QString &path, const QStringList &statements)
{
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("meddler"));
        database.setDatabaseName(path);
        QVERIFY(database.open());
        for (const QString &statement : statements) {
            QSqlQuery query(database);
            QVERIFY2(query.exec(statement), qPrintable(statement));
        }
    }
    QSqlDatabase::removeDatabase(QStringLiteral("meddler"));
}

void tst_SqliteStore::whatWaitedAndRanIsQueuedAgain()
{
    StoreUnderTest store(true);
    for (quint64 id = 1; id <= 4; ++id)
        store.add(task(id, id == 4 ? someTime + 60'000 : someTime));
    QCOMPARE(store.take(someTime, 2), (QList<quint64>{1, 2}));
    store.reopen();
    QCOMPARE(store->counts(someTime), (TaskCounts{3, 1, 0, 0}));
    QCOMPARE(store.take(), (QList<quint64>{1, 2, 3}));
    // The try that was cut short is none.
    QCOMPARE(store->taken(1)->attempts, 0U);
    QCOMPARE(store.take(someTime + 60'000), QList<quint64>{4});
}

void tst_SqliteStore::whatWasNotCommittedIsNot()
{
    StoreUnderTest store(true);
    store.add(task(1));
    store.take();
    store->finish(1);
    store->add(task(2), 2);
    QCOMPARE(store->commitDueMs(), std::optional<qint64>(0));
    QCOMPARE(store.take(), QList<quint64>());
    QCOMPARE(store.answers.accepted, QList<quint64>{1});
    store.reopen();
    QCOMPARE(store.take(), QList<quint64>{1});
}

void tst_SqliteStore::commitReachesTheDisk()
{
    StoreUnderTest store(true);
    store.add(task(1'000'000)); // begins the log
    for (quint64 round = 0; round < 5; ++round) {
        const int before = diskfaults::synchronizations;
        for (quint64 id = 1; id <= 100; ++id)
            store->add(task(100 * round + id), id);
        QCOMPARE(diskfaults::synchronizations, before);
        store->commit(someTime);
        // Once for all of them.
        QCOMPARE(diskfaults::synchronizations, before + 1);
        store->commit(someTime);
        QCOMPARE(diskfaults::synchronizations, before + 1);
    }
    QCOMPARE(store.answers.accepted.size(), 501);
}

void tst_SqliteStore::diskFull()
{
    StoreUnderTest store(true);
    store.add(task(1));
    TaskRecord large = task(2);
    large.payload.clear();
    large.spillFile = *store.spill().write(2, QByteArray(100'000, 'x'), true);
    diskfaults::isFull = true;
    QTest::ignoreMessage(QtCriticalMsg,
                         QRegularExpression(QStringLiteral("^the database of tasks fails: .*tasks.db: .*")));
    store->add(large, 2);
    store->add(task(3), 3);
    store->commit(someTime);
    QVERIFY(store.answers.refused.value(2) == Error::Io && store.answers.refused.value(3) == Error::Io);
    QVERIFY2(store.answers.lastError.contains(store.database()), qPrintable(store.answers.lastError));
    QVERIFY(store->failure());
    // Nothing of them is kept.
    QVERIFY(QDir(store.spillFolder()).isEmpty());
    QCOMPARE(store->counts(someTime), (TaskCounts{1, 0, 0, 0}));
    // For a moment the disk is left alone, and nobody waits for it.
    diskfaults::isFull = false;
    store->add(task(4), 4);
    store->commit(someTime + 999);
    QVERIFY(store.answers.refused.value(4) == Error::Io);
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(QStringLiteral("^the database of tasks works again: .*")));
    store->add(task(5), 5);
    store->commit(someTime + 1000);
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 5}));
    QVERIFY(!store->failure());
    store.reopen();
    QCOMPARE(store.take(), (QList<quint64>{1, 5}));
}

void tst_SqliteStore::diskBroken()
{
    StoreUnderTest store(true);
    diskfaults::isBroken = true;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("^the database of tasks fails: ")));
    store.add(task(1));
    QVERIFY(store.answers.refused.value(1) == Error::Io);
    QCOMPARE(store.take(), QList<quint64>());
    diskfaults::isBroken = false;
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(QStringLiteral("^the database of tasks works again: ")));
    store->add(task(2), 2);
    store->commit(someTime + 1000);
    QCOMPARE(store.answers.accepted, QList<quint64>{2});
    store.reopen();
    QCOMPARE(store.take(), QList<quint64>{2});
}

void tst_SqliteStore::nothingStartsWhileEndsPileUp()
{
    StoreUnderTest store(true);
    for (quint64 id = 1; id <= 10'003; ++id)
        store->add(task(id), id);
    store->commit(someTime);
    store.take(someTime, 10'001);
    diskfaults::isFull = true;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("^the database of tasks fails: ")));
    for (quint64 id = 1; id <= 10'000; ++id)
        store->finish(id);
    store->commit(someTime);
    QCOMPARE(store.take(someTime, 1), QList<quint64>{10'002});
    store->finish(10'001);
    store->commit(someTime);
    QCOMPARE(store.take(), QList<quint64>());
    // Nobody is to ask again at once.
    QCOMPARE(store->nextDueMs(), std::optional<qint64>());
    QCOMPARE(store->commitDueMs(), std::optional<qint64>(someTime + 1000));
    diskfaults::isFull = false;
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(QStringLiteral("^the database of tasks works again: ")));
    store->commit(someTime + 1000);
    QCOMPARE(store.take(), QList<quint64>{10'003});
}

void tst_SqliteStore::endsWaitForTheDisk()
{
    StoreUnderTest store(true);
    for (quint64 id = 1; id <= 4; ++id)
        store.add(task(id));
    QCOMPARE(store.take(), (QList<quint64>{1, 2, 3, 4}));
    diskfaults::isFull = true;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("^the database of tasks fails: ")));
    store->finish(1);
    store->retry(2, {1, someTime + 5000, 0, QStringLiteral("no grain")});
    store->bury(3, 1, QStringLiteral("no grain"), someTime);
    store->commit(someTime);
    QCOMPARE(store->commitDueMs(), std::optional<qint64>(someTime + 1000));
    QCOMPARE(store->counts(someTime), (TaskCounts{0, 0, 4, 0}));
    diskfaults::isFull = false;
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(QStringLiteral("^the database of tasks works again: ")));
    store->commit(someTime + 1000);
    QVERIFY(!store->commitDueMs());
    QCOMPARE(store->counts(someTime + 1000), (TaskCounts{0, 1, 1, 1}));
    QCOMPARE(store.take(someTime + 5000), QList<quint64>{2});
    store.reopen();
    QCOMPARE(store.take(someTime + 5000), (QList<quint64>{4, 2}));
}

void tst_SqliteStore::manyTasksLittleMemory()
{
    // 64 MiB of payloads in one priority, and 4 of them in memory.
    StoreUnderTest store(true);
    const auto memory = [] { return qint64(::mallinfo2().uordblks + ::mallinfo2().hblkhd); };
    qint64 before = 0;
    for (quint64 id = 1; id <= 2048; ++id) {
        TaskRecord record = task(id);
        record.payload = QByteArray(32 << 10, char(id));
        store->add(record, id);
        if (id % 64 == 0)
            store->commit(someTime);
        if (id == 640)
            before = memory();
    }
    const qint64 grown = memory() - before;
    QVERIFY2(grown < 16 << 20, qPrintable(QString::number(grown)));
    for (quint64 id = 1; id <= 2048; ++id) {
        QCOMPARE(store.take(someTime, 1), QList<quint64>{id});
        QCOMPARE(store->taken(id)->payload, QByteArray(32 << 10, char(id)));
        store->finish(id);
        if (id % 64 == 0)
            store->commit(someTime);
    }
    QCOMPARE(store->counts(someTime), TaskCounts());
}

void tst_SqliteStore::earlierThanTheLoadedPart()
{
    StoreUnderTest store(true);
    constexpr quint64 many = 3 * DueWindow::MostTasks;
    for (quint64 id = 1; id <= many; ++id)
        store->add(task(id, someTime + qint64(id)), id);
    store->commit(someTime);
    // There is room in the loaded part now, but not for what comes behind it.
    QCOMPARE(store.take(someTime + 3).size(), 3);
    store.add(task(many + 1, someTime));
    store.add(task(many + 2, someTime + qint64(many) + 1));
    store.add(task(many + 3, someTime + qint64(many / 2)));
    QCOMPARE(store->nextDueMs(), std::optional<qint64>(someTime));
    QList<quint64> expected = {many + 1};
    for (quint64 id = 4; id <= many; ++id) {
        expected.append(id);
        if (id == many / 2)
            expected.append(many + 3);
    }
    expected.append(many + 2);
    QCOMPARE(store.take(someTime + qint64(many) + 1), expected);
}

void tst_SqliteStore::manyTasksSmallFile()
{
    StoreUnderTest store(true);
    quint64 id = 0;
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 1000; ++i) {
            ++id;
            store->add(task(id), id);
        }
        store->commit(someTime);
        for (const quint64 taken : store.take())
            store->finish(taken);
        store->commit(someTime);
    }
    QCOMPARE(store.answers.accepted.size(), 200'000);
    QCOMPARE(store->counts(someTime), TaskCounts());
    const qint64 file = QFileInfo(store.database()).size();
    const qint64 log = QFileInfo(store.database() + QStringLiteral("-wal")).size();
    QVERIFY2(file < 2 << 20, qPrintable(QString::number(file)));
    QVERIFY2(log < 32 << 20, qPrintable(QString::number(log)));
}

void tst_SqliteStore::longQueueGivesItsRoomBack()
{
    StoreUnderTest store(true);
    for (quint64 id = 1; id <= 30'000; ++id) {
        TaskRecord record = task(id);
        record.payload = QByteArray(1'000, 'x');
        store->add(record, id);
    }
    store->commit(someTime);
    const QList<quint64> ids = store.take();
    for (const quint64 id : ids.mid(1))
        store->finish(id);
    store->commit(someTime);
    store.close();
    const qint64 before = QFileInfo(store.database()).size();
    store.reopen();
    QCOMPARE(store.take(), QList<quint64>{1});
    store.close();
    QVERIFY2(QFileInfo(store.database()).size() < before / 100, qPrintable(QString::number(before)));
}

void tst_SqliteStore::forItsUserAlone()
{
    StoreUnderTest store(true);
    store.add(task(1));
    const auto mode = [](const QString &path) {
        struct stat status = {};
        return ::stat(QFile::encodeName(path).constData(), &status) == 0 ? status.st_mode & 0777 : 0;
    };
    QCOMPARE(mode(store.database()), 0600U);
    QCOMPARE(mode(store.database() + QStringLiteral("-wal")), 0600U);
    // One that was copied, or touched, is closed to others.
    store.close();
    QVERIFY(::chmod(QFile::encodeName(store.database()).constData(), 0644) == 0);
    store.reopen();
    store.add(task(2));
    QCOMPARE(mode(store.database()), 0600U);
    QCOMPARE(mode(store.database() + QStringLiteral("-wal")), 0600U);
}

void tst_SqliteStore::oneServerAlone()
{
    StoreUnderTest store(true);
    store.add(task(1));
    // Locks are between processes.
    const QString self = QCoreApplication::applicationFilePath();
    QProcess other;
    other.start(self, {QStringLiteral("--open"), store.database()});
    QVERIFY(other.waitForFinished(30'000));
    QCOMPARE(other.exitCode(), int(Error::Busy));
    QCOMPARE(QString::fromUtf8(other.readAllStandardOutput()),
             QStringLiteral("%1: another process has it; stop that one, or name another file in tasks.database")
                 .arg(store.database()));
    store.close();
    other.start(self, {QStringLiteral("--open"), store.database()});
    QVERIFY(other.waitForFinished(30'000));
    QCOMPARE(QString::fromUtf8(other.readAllStandardOutput()), QString());
}

void tst_SqliteStore::strangeFiles_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("expected");
    QTest::newRow("text") << QByteArray("What was grain is flour now.\n").repeated(100)
                          << QStringLiteral(
                                 "is no database; move it elsewhere, or name another file in tasks.database");
    QTest::newRow("header alone") << QByteArray("SQLite format 3\0", 16) + QByteArray(84, '\1')
                                  << QStringLiteral("is no database; move it elsewhere");
}

void tst_SqliteStore::strangeFiles()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, expected);
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("tasks.db"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite) && file.write(bytes) == bytes.size() && file.flush());
    const Error error = openError(path);
    QVERIFY(error.code() == Error::Invalid);
    QVERIFY2(error.message().startsWith(path + QStringLiteral(": ") + expected), qPrintable(error.message()));
    QVERIFY(file.seek(0));
    QCOMPARE(file.readAll(), bytes);
    // A folder, and a folder that is not there.
    QVERIFY(openError(directory.path()).message().contains(directory.path()));
    QVERIFY(openError(directory.filePath(QStringLiteral("none/tasks.db"))).code() == Error::NotFound);
    QVERIFY(!QFile::exists(directory.filePath(QStringLiteral("none"))));
}

void tst_SqliteStore::damagedFile()
{
    StoreUnderTest store(true);
    for (quint64 id = 1; id <= 2'000; ++id)
        store->add(task(id), id);
    store->commit(someTime);
    store.close();
    QFile file(store.database());
    QVERIFY(file.open(QIODevice::ReadWrite) && file.size() > 100'000);
    // Not the first page: it is found in what the tables hold.
    for (qint64 page = 3; page < file.size() / 4096; page += 3)
        QVERIFY(file.seek(page * 4096) && file.write(QByteArray(200, '\x5a')) == 200);
    file.close();
    const Error error = openError(store.database());
    QVERIFY(error.code() == Error::Invalid);
    QVERIFY2(error.message().startsWith(store.database() + QStringLiteral(": is damaged")),
             qPrintable(error.message()));
    QVERIFY2(error.message().contains(u"move it elsewhere"), qPrintable(error.message()));
    QVERIFY(QFileInfo(store.database()).size() > 100'000);
}

void tst_SqliteStore::newerFormat()
{
    StoreUnderTest store(true);
    store.add(task(1));
    store.close();
    meddle(store.database(), {QStringLiteral("PRAGMA user_version = 2")});
    Error error = openError(store.database());
    QVERIFY(error.code() == Error::Invalid);
    QCOMPARE(error.message(),
             QStringLiteral("%1: was written by a newer Quern (format 2, and this one knows 1); start that "
                            "one, or name another file in tasks.database")
                 .arg(store.database()));
    meddle(store.database(), {QStringLiteral("PRAGMA user_version = 1"), QStringLiteral("PRAGMA application_id = 7")});
    error = openError(store.database());
    QVERIFY(error.code() == Error::Invalid);
    QCOMPARE(error.message(), QStringLiteral("%1: is a database, but not of Quern's tasks; name another file in "
                                             "tasks.database")
                                  .arg(store.database()));
    // A file that another program has begun is not taken over either.
    const QTemporaryDir directory;
    const QString other = directory.filePath(QStringLiteral("shop.db"));
    meddle(other, {QStringLiteral("CREATE TABLE article (name TEXT)")});
    QVERIFY(::chmod(QFile::encodeName(other).constData(), 0644) == 0);
    QVERIFY(openError(other).code() == Error::Invalid);
    QVERIFY(QFile::permissions(other) & QFile::ReadOther);
    meddle(store.database(), {QStringLiteral("PRAGMA application_id = %1").arg(TaskDatabase::ApplicationId)});
    store.reopen();
    QCOMPARE(store.take(), QList<quint64>{1});
}

void tst_SqliteStore::databaseInMemory()
{
    const QTemporaryDir directory(QStringLiteral("/dev/shm/quern-XXXXXX"));
    if (!directory.isValid() || !isInMemory(directory.path()))
        QSKIP("/dev/shm is not in memory here");
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("lies in memory: durable tasks will not survive")));
    QCOMPARE(openError(directory.filePath(QStringLiteral("tasks.db"))).message(), QStringLiteral("it opens"));
    QVERIFY(!isInMemory(QStringLiteral("/nowhere")));
}

void tst_SqliteStore::spillFileNames()
{
    StoreUnderTest store(true);
    const QByteArray waiting = *store.spill().write(1, "grain", true);
    const QByteArray dead = *store.spill().write(2, "grain", true);
    const QByteArray left = *store.spill().write(3, "grain", true);
    TaskRecord record = task(2);
    record.spillFile = dead;
    store.add(record);
    store.take();
    store.bury(2);
    record.id = 1;
    record.spillFile = waiting;
    store.add(record);
    store.reopen();
    QVERIFY(store->namesSpillFile(waiting) && store->namesSpillFile(dead) && !store->namesSpillFile(left));
    QCOMPARE(store.spill().removeLeftovers([&store](const QByteArray &name) { return store->namesSpillFile(name); }),
             1);
    QCOMPARE(store.spill().size(left), 0);
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    if (argc == 3 && qstrcmp(argv[1], "--open") == 0) {
        Answers answers;
        const Spill spill(QStringLiteral("/nowhere"));
        const auto store = SqliteStore::open(QFile::decodeName(argv[2]), {}, answers, spill);
        std::fputs(store ? "" : qPrintable(store.error().message()), stdout);
        return store ? 0 : int(store.error().code());
    }
    tst_SqliteStore test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_sqlitestore.moc"
