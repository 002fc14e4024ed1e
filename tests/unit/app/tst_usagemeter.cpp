#include "app/server/usagemeter.h"

#include <QCoreApplication>
#include <QTest>

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace Quern;
using app::UsageMeter;
using namespace std::chrono_literals;

/// Looks at this process itself, at times of the test's own.
class tst_UsageMeter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_now = std::chrono::steady_clock::now(); }
    void nothingIsKnownAtFirst();
    void itsOwnMemory();
    void processorTimeBetweenLooks();
    void memoryThatGrows();
    void whoIsGoneIsForgotten();

private:
    base::MonotonicTime m_now;
    const qint64 m_pid = QCoreApplication::applicationPid();
};

void tst_UsageMeter::nothingIsKnownAtFirst()
{
    UsageMeter meter;
    QCOMPARE(meter.usage(m_pid).cpuPercent, 0.0);
    meter.record(m_now, {m_pid});
    QCOMPARE(meter.usage(m_pid).cpuPercent, 0.0);
    QCOMPARE(meter.usage(m_pid).memoryPerMinute, 0.0);
    const app::ProcessUsage usage = app::usageOf(m_pid);
    QVERIFY(usage.residentBytes > 1 << 20);
    QVERIFY(usage.threads >= 1);
    QCOMPARE(app::usageOf(0).residentBytes, 0);
}

void tst_UsageMeter::itsOwnMemory()
{
    constexpr qint64 bytes = 64 << 20;
    const qint64 before = app::ownMemoryOf(m_pid);
    QVERIFY(before > 0);
    QVERIFY(before < app::usageOf(m_pid).residentBytes); // which counts the program's files as well
    std::vector<char> more(bytes, 'x');
    QVERIFY(app::ownMemoryOf(m_pid) >= before + bytes - (4 << 20));
    // Shared memory is nobody's own.
    QVERIFY(more.back() == 'x');
    const int fd = ::memfd_create("own memory", 0);
    QVERIFY(fd >= 0 && ::ftruncate(fd, bytes) == 0);
    void *shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    QVERIFY(shared != MAP_FAILED);
    const qint64 withoutShared = app::ownMemoryOf(m_pid);
    std::memset(shared, 1, bytes);
    QVERIFY(app::ownMemoryOf(m_pid) < withoutShared + (4 << 20));
    ::munmap(shared, bytes);
    ::close(fd);
    QCOMPARE(app::ownMemoryOf(0), 0);
    QCOMPARE(app::ownMemoryOf(1 << 30), 0);
}

void tst_UsageMeter::processorTimeBetweenLooks()
{
    UsageMeter meter;
    meter.record(m_now, {m_pid});
    const double before = app::usageOf(m_pid).cpuSeconds;
    // The kernel counts in ticks of 10 ms.
    while (app::usageOf(m_pid).cpuSeconds < before + 0.2) {
    }
    meter.record(m_now + 1s, {m_pid});
    const double percent = meter.usage(m_pid).cpuPercent;
    QVERIFY2(percent >= 19 && percent < 60, qPrintable(QString::number(percent)));
}

void tst_UsageMeter::memoryThatGrows()
{
    constexpr std::size_t grown = 64 << 20;
    UsageMeter meter;
    meter.record(m_now, {m_pid});
    const std::vector<char> more(grown, 'x');
    meter.record(m_now + 5s, {m_pid}); // too early for the trend
    QCOMPARE(meter.usage(m_pid).memoryPerMinute, 0.0);
    meter.record(m_now + 30s, {m_pid});
    const double perMinute = meter.usage(m_pid).memoryPerMinute;
    QVERIFY2(perMinute > 1.8 * grown && perMinute < 2.5 * grown, qPrintable(QString::number(perMinute)));
    QCOMPARE(more.back(), 'x');
    // What lies outside of the window does not count any more.
    meter.record(m_now + 30s + UsageMeter::TrendWindow, {m_pid});
    QVERIFY(meter.usage(m_pid).memoryPerMinute < double(grown) / 10);
}

void tst_UsageMeter::whoIsGoneIsForgotten()
{
    UsageMeter meter;
    meter.record(m_now, {m_pid});
    meter.record(m_now + 10s, {});
    meter.record(m_now + 20s, {m_pid});
    QCOMPARE(meter.usage(m_pid).memoryPerMinute, 0.0);
}

QTEST_GUILESS_MAIN(tst_UsageMeter)
#include "tst_usagemeter.moc"
