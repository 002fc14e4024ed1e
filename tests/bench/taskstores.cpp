// What the queues of background tasks cost: tasks a second that are accepted by the one in SQLite, to be told after the
// disk has them, and nanoseconds of CPU a task in the one in memory.

#include "tasks/memorystore.h"
#include "tasks/spill.h"
#include "tasks/sqlite/sqlitestore.h"

#include <QCoreApplication>
#include <QDir>
#include <QTemporaryDir>

#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::tasks;

namespace {

constexpr qint64 someTime = 1'700'000'000'000;

class Counter : public TaskStore::Client
{
public:
    void taskAccepted(quint64) override { ++accepted; }
    void taskRefused(quint64, const Error &error) override { qFatal("%s", qPrintable(error.message())); }

    quint64 accepted = 0;
};

TaskRecord task(quint64 id)
{
    TaskRecord record;
    record.id = id;
    record.name = QByteArrayLiteral("shop.sendMail");
    record.payload = QByteArray(100, 'x');
    record.createdMs = record.dueMs = someTime;
    return record;
}

double seconds(clockid_t clock)
{
    timespec now = {};
    ::clock_gettime(clock, &now);
    return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

class Watch
{
public:
    double wall() const { return seconds(CLOCK_MONOTONIC) - m_wall; }
    double cpu() const { return seconds(CLOCK_PROCESS_CPUTIME_ID) - m_cpu; }

private:
    double m_wall = seconds(CLOCK_MONOTONIC);
    double m_cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
};

/// What the disk takes for what a commit writes at least.
void measureDisk(const QString &folder)
{
    const QByteArray path = QFile::encodeName(folder) + "/disk";
    const int fd = ::open(path.constData(), O_RDWR | O_CREAT, 0600);
    const QByteArray bytes(16'384, 'x');
    constexpr int times = 300;
    const Watch watch;
    for (int i = 0; i < times; ++i) {
        if (::pwrite(fd, bytes.constData(), size_t(bytes.size()), i % 64 * bytes.size()) != bytes.size() ||
            ::fdatasync(fd) != 0)
            qFatal("the disk fails");
    }
    std::printf("disk: 16 KiB and fdatasync: %.3f ms\n", watch.wall() / times * 1'000);
    ::close(fd);
}

/// \a outstanding tasks are added, and committed, at a time; with \a isWhole each is run to its end.
void measureDurable(const QString &folder, quint64 total, quint64 outstanding, bool isWhole)
{
    Counter counter;
    StoreLimits limits;
    limits.tasks = 10'000'000;
    const Spill spill(folder);
    const QString path = folder + QStringLiteral("/tasks-%1-%2.db").arg(outstanding).arg(isWhole);
    const auto store = SqliteStore::open(path, limits, counter, spill);
    if (!store)
        qFatal("%s", qPrintable(store.error().message()));
    std::vector<const TaskRecord *> taken;
    const Watch watch;
    for (quint64 id = 1; id <= total;) {
        for (quint64 i = 0; i < outstanding; ++i, ++id)
            (*store)->add(task(id), id);
        if (isWhole) {
            (*store)->takeDue(someTime, qsizetype(outstanding), taken);
            for (const TaskRecord *record : taken)
                (*store)->finish(record->id);
            taken.clear();
        }
        (*store)->commit(someTime);
    }
    std::printf("sqlite, %4llu outstanding, %s: %.0f a second, %.1f µs of CPU each; file %.1f MB\n", outstanding,
                isWhole ? "add, take, finish" : "accepted alone   ", double(counter.accepted) / watch.wall(),
                watch.cpu() / double(counter.accepted) * 1e6, double(QFileInfo(path).size()) / 1e6);
}

void measureLoading(const QString &folder)
{
    Counter counter;
    StoreLimits limits;
    limits.tasks = 10'000'000;
    const Spill spill(folder);
    const Watch opening;
    const auto store = SqliteStore::open(folder + QStringLiteral("/tasks-1024-0.db"), limits, counter, spill);
    if (!store)
        qFatal("%s", qPrintable(store.error().message()));
    const qsizetype waiting = (*store)->counts(someTime).queued;
    std::printf("sqlite, opened with %lld tasks: %.0f ms\n", waiting, opening.wall() * 1'000);
    std::vector<const TaskRecord *> taken;
    const Watch watch;
    qsizetype done = 0;
    while (const qsizetype count = (*store)->takeDue(someTime, 64, taken)) {
        for (const TaskRecord *record : taken)
            (*store)->finish(record->id);
        taken.clear();
        (*store)->commit(someTime);
        done += count;
    }
    std::printf("sqlite,   64 running, take from the database, finish: %.0f a second\n", double(done) / watch.wall());
}

/// \a waiting tasks are in the queue all the time.
void measureMemory(quint64 total, quint64 waiting)
{
    Counter counter;
    const Spill spill(QStringLiteral("/"));
    MemoryStore store({}, counter, spill);
    std::vector<const TaskRecord *> taken;
    for (quint64 id = 1; id <= waiting; ++id)
        store.add(task(id), id);
    const Watch watch;
    for (quint64 id = waiting + 1; id <= waiting + total;) {
        for (int i = 0; i < 64; ++i, ++id)
            store.add(task(id), id);
        store.takeDue(someTime, 64, taken);
        for (const TaskRecord *record : taken)
            store.finish(record->id);
        taken.clear();
    }
    const Watch making;
    for (quint64 id = 1; id <= total; ++id)
        static_cast<void>(task(id).payload.size());
    std::printf("memory, %5llu waiting: %.0f ns of CPU a task, and %.0f more to make its record\n", waiting,
                (watch.cpu() - 2 * making.cpu()) / double(total) * 1e9, making.cpu() / double(total) * 1e9);
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const bool isQuick = application.arguments().contains(QStringLiteral("--quick"));
    // Below the working directory: /tmp may be memory.
    const QTemporaryDir folder(QDir::current().filePath(QStringLiteral("taskstores-XXXXXX")));
    if (!folder.isValid())
        qFatal("no temporary directory here");
    const quint64 total = isQuick ? 10'240 : 204'800;
    measureDisk(folder.path());
    for (const quint64 outstanding : {64, 1024}) {
        measureDurable(folder.path(), total, outstanding, false);
        measureDurable(folder.path(), total, outstanding, true);
    }
    measureLoading(folder.path());
    for (const quint64 waiting : {0, 50'000})
        measureMemory(10 * total, waiting);
    return 0;
}
