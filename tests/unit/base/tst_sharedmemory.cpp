#include "base/sharedmemory.h"

#include <QTest>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

using namespace Quern;
using base::SharedMemory;

namespace {

constexpr std::size_t size = 8192;

SharedMemory createArea()
{
    Result<SharedMemory> memory = SharedMemory::create("tst", size);
    if (!memory)
        qFatal("%s", qPrintable(memory.error().message()));
    return std::move(*memory);
}

bool isOpen(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

class TestSharedMemory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isZeroFilled();
    void isSealedAgainstResizing();
    void isCloseOnExec();
    void isSharedAcrossFork();
    void isSharedWithAnAdopter();
    void adoptWrongSize_data();
    void adoptWrongSize();
    void adoptClosedDescriptor();
    void adoptPipe();
    void createNothing();
    void moves();
    void closesAndUnmaps();
};

void TestSharedMemory::isZeroFilled()
{
    const SharedMemory memory = createArea();
    QCOMPARE(memory.size(), size);
    QCOMPARE(QByteArray(static_cast<const char *>(memory.data()), qsizetype(size)), QByteArray(qsizetype(size), '\0'));
}

void TestSharedMemory::isSealedAgainstResizing()
{
    const SharedMemory memory = createArea();
    const int fd = memory.descriptor();
    QCOMPARE(::fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    for (const off_t other : {off_t(0), off_t(size - 1), off_t(size + 1)}) {
        QCOMPARE(::ftruncate(fd, other), -1);
        QCOMPARE(errno, EPERM);
    }
    QCOMPARE(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    // Writing beyond the end would be growing.
    const char byte = 'x';
    QCOMPARE(::pwrite(fd, &byte, 1, off_t(size)), ssize_t(-1));
    QCOMPARE(errno, EPERM);
}

void TestSharedMemory::isCloseOnExec()
{
    QCOMPARE(::fcntl(createArea().descriptor(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

void TestSharedMemory::isSharedAcrossFork()
{
    const SharedMemory memory = createArea();
    auto *const number = static_cast<std::atomic<int> *>(memory.data());
    *number = 1;
    const pid_t child = ::fork();
    if (child == 0) {
        int expected = 1;
        ::_exit(number->compare_exchange_strong(expected, 2) ? 0 : 1);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
    QCOMPARE(number->load(), 2);
}

void TestSharedMemory::isSharedWithAnAdopter()
{
    const SharedMemory memory = createArea();
    std::memcpy(memory.data(), "quern", 5);
    const int inherited = ::dup(memory.descriptor());
    const Result<SharedMemory> adopted = SharedMemory::adopt(inherited, size);
    QVERIFY(adopted);
    QCOMPARE(adopted->descriptor(), inherited);
    QCOMPARE(adopted->size(), size);
    QVERIFY(adopted->data() != memory.data());
    QCOMPARE(std::memcmp(adopted->data(), "quern", 5), 0);
    static_cast<char *>(adopted->data())[size - 1] = 'z';
    QCOMPARE(static_cast<char *>(memory.data())[size - 1], 'z');
}

void TestSharedMemory::adoptWrongSize_data()
{
    QTest::addColumn<qulonglong>("wrong");
    QTest::newRow("one short") << qulonglong(size - 1);
    QTest::newRow("one more") << qulonglong(size + 1);
    QTest::newRow("nothing") << qulonglong(0);
    QTest::newRow("another page") << qulonglong(2 * size);
}

void TestSharedMemory::adoptWrongSize()
{
    QFETCH(const qulonglong, wrong);
    const SharedMemory memory = createArea();
    const int inherited = ::dup(memory.descriptor());
    const Result<SharedMemory> adopted = SharedMemory::adopt(inherited, std::size_t(wrong));
    QVERIFY(!adopted);
    QCOMPARE(int(adopted.error().code()), int(Error::Invalid));
    QCOMPARE(adopted.error().message(), QStringLiteral("inherited shared memory has 8192 bytes, not %1").arg(wrong));
    QVERIFY(!isOpen(inherited));
}

void TestSharedMemory::adoptClosedDescriptor()
{
    const Result<SharedMemory> adopted = SharedMemory::adopt(-1, size);
    QVERIFY(!adopted);
    QCOMPARE(int(adopted.error().code()), int(Error::Io));
}

void TestSharedMemory::adoptPipe()
{
    int ends[2];
    QCOMPARE(::pipe2(ends, O_CLOEXEC), 0);
    QVERIFY(!SharedMemory::adopt(ends[0], size));
    QVERIFY(!isOpen(ends[0]));
    ::close(ends[1]);
}

void TestSharedMemory::createNothing()
{
    const Result<SharedMemory> memory = SharedMemory::create("tst", 0);
    QVERIFY(!memory);
    QVERIFY(!memory.error().message().isEmpty());
}

void TestSharedMemory::moves()
{
    SharedMemory first = createArea();
    void *const data = first.data();
    SharedMemory second(std::move(first));
    QCOMPARE(second.data(), data);
    SharedMemory third;
    QVERIFY(!third.data());
    third = std::move(second);
    QCOMPARE(third.data(), data);
    QCOMPARE(third.size(), size);
    static_cast<char *>(third.data())[0] = 'x';
}

void TestSharedMemory::closesAndUnmaps()
{
    int fd = -1;
    void *data = nullptr;
    {
        const SharedMemory memory = createArea();
        fd = memory.descriptor();
        data = memory.data();
        QVERIFY(isOpen(fd));
    }
    QVERIFY(!isOpen(fd));
    unsigned char resident = 0;
    QCOMPARE(::mincore(data, 1, &resident), -1);
    QCOMPARE(errno, ENOMEM);
}

QTEST_APPLESS_MAIN(TestSharedMemory)
#include "tst_sharedmemory.moc"
