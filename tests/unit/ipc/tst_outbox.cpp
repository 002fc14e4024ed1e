#include "ipc/channel.h"
#include "ipc/outbox.h"

#include "base/filedescriptor.h"

#include <QTest>

#include <sys/socket.h>

using namespace Quern;
using ipc::Outbox;
using ipc::SharedBytes;

namespace {

struct Pair
{
    Pair()
    {
        const auto pair = ipc::Channel::createPair();
        if (!pair)
            qFatal("socketpair");
        near = base::FileDescriptor(pair->first);
        far = base::FileDescriptor(pair->second);
    }
    QByteArray receive() const
    {
        QByteArray bytes(1024 * 1024, Qt::Uninitialized);
        const ssize_t count = ::recv(far.get(), bytes.data(), size_t(bytes.size()), MSG_DONTWAIT);
        bytes.resize(qMax<qsizetype>(count, 0));
        return bytes;
    }

    base::FileDescriptor near, far;
};

QByteArray bytesOf(qsizetype size, int seed)
{
    QByteArray bytes(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = char(i * 31 + i / 1'000 + seed);
    return bytes;
}

} // namespace

class TestOutbox : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void empty();
    void framesAndParts_data();
    void framesAndParts();
    void sharedMemoryIsNotCopied();
    void borrowedMemoryIsCopied();
    void partialWritesInOrder();
    void morePiecesThanOneWriteTakes();
    void brokenSocket();
    void clear();
};

void TestOutbox::empty()
{
    const Pair pair;
    Outbox outbox;
    QVERIFY(outbox.isEmpty());
    outbox.append({});
    outbox.sendTo(pair.near.get());
    QVERIFY(outbox.isEmpty());
    QVERIFY(pair.receive().isEmpty());
}

void TestOutbox::framesAndParts_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::newRow("smallest part by reference") << Outbox::MinShared;
    QTest::newRow("largest part that is copied") << Outbox::MinShared - 1;
    QTest::newRow("a large part") << qsizetype(64 * 1024);
}

void TestOutbox::framesAndParts()
{
    QFETCH(const qsizetype, size);
    const Pair pair;
    Outbox outbox;
    QByteArray expected;
    for (int i = 0; i < 5; ++i) {
        const QByteArray frame = "frame " + QByteArray::number(i);
        const QByteArray part = bytesOf(size, i);
        outbox.frames().append(frame);
        outbox.append(SharedBytes::of(part, part));
        expected += frame + part;
        QCOMPARE(outbox.size(), expected.size());
    }
    outbox.frames().append("end");
    expected += "end";
    outbox.sendTo(pair.near.get());
    QVERIFY(outbox.isEmpty());
    QCOMPARE(pair.receive(), expected);
    // The same outbox again.
    outbox.frames().append("next");
    outbox.sendTo(pair.near.get());
    QCOMPARE(pair.receive(), QByteArray("next"));
}

void TestOutbox::sharedMemoryIsNotCopied()
{
    const QByteArray owner = bytesOf(20'000, 1);
    const SharedBytes part = SharedBytes::of(owner, QByteArrayView(owner).sliced(5'000, 10'000));
    QCOMPARE(part.bytes.data(), owner.constData() + 5'000);
    QVERIFY(!owner.isDetached());
}

void TestOutbox::borrowedMemoryIsCopied()
{
    const Pair pair;
    QByteArray memory = bytesOf(20'000, 1);
    const QByteArray expected = memory.first(10'000) + "x";
    Outbox outbox;
    {
        const QByteArray borrowed = QByteArray::fromRawData(memory.constData(), memory.size());
        outbox.append(SharedBytes::of(borrowed, QByteArrayView(borrowed).first(10'000)));
    }
    memory.fill('?');
    outbox.frames().append("x");
    outbox.sendTo(pair.near.get());
    QCOMPARE(pair.receive(), expected);
}

void TestOutbox::partialWritesInOrder()
{
    const Pair pair;
    Outbox outbox;
    QByteArray expected, received;
    bool stuck = false;
    // More and more is appended while the kernel takes pieces of what was there before.
    for (int i = 0; i < 200; ++i) {
        const QByteArray part = bytesOf(40'000 + i, i);
        outbox.frames().append(QByteArray::number(i));
        outbox.append(SharedBytes::of(part, part));
        expected += QByteArray::number(i) + part;
        outbox.sendTo(pair.near.get());
        stuck = stuck || !outbox.isEmpty();
        if (i % 40 == 0)
            received += pair.receive();
    }
    QVERIFY(stuck);
    while (!outbox.isEmpty()) {
        const QByteArray piece = pair.receive();
        QVERIFY(!piece.isEmpty());
        received += piece;
        outbox.sendTo(pair.near.get());
    }
    for (QByteArray piece; !(piece = pair.receive()).isEmpty();)
        received += piece;
    QVERIFY(received == expected);
}

void TestOutbox::morePiecesThanOneWriteTakes()
{
    const Pair pair;
    Outbox outbox;
    QByteArray expected, received;
    for (int i = 0; i < 300; ++i) {
        const QByteArray part = bytesOf(Outbox::MinShared, i);
        outbox.append(SharedBytes::of(part, part));
        outbox.frames().append(char(i));
        expected += part + char(i);
    }
    while (received.size() < expected.size()) {
        outbox.sendTo(pair.near.get());
        const QByteArray piece = pair.receive();
        QVERIFY(!piece.isEmpty());
        received += piece;
    }
    QVERIFY(received == expected);
    QVERIFY(outbox.isEmpty());
}

void TestOutbox::brokenSocket()
{
    Pair pair;
    pair.far.reset();
    Outbox outbox;
    outbox.frames().append("lost");
    outbox.sendTo(pair.near.get());
    QCOMPARE(outbox.size(), 4);
}

void TestOutbox::clear()
{
    const Pair pair;
    const QByteArray part = bytesOf(20'000, 1);
    Outbox outbox;
    outbox.frames().append("frame");
    outbox.append(SharedBytes::of(part, part));
    outbox.clear();
    QVERIFY(outbox.isEmpty());
    QVERIFY(part.isDetached());
    outbox.sendTo(pair.near.get());
    QVERIFY(pair.receive().isEmpty());
}

QTEST_APPLESS_MAIN(TestOutbox)
#include "tst_outbox.moc"
