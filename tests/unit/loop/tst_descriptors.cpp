#include "loopsupport.h"

#include <QPointer>

#include <fcntl.h>
#include <netinet/in.h>

#include <vector>

using namespace LoopTest;

class TestDescriptors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readable();
    void writable();
    void exceptionIsUrgentData();
    void threeTypesOnOneDescriptor();
    void levelTriggered();
    void disabledBeforeTheWait();
    void disabledByAnEarlierNotifier();
    void disabledAndEnabledByAnEarlierNotifier();
    void deletedByAnEarlierNotifier();
    void deletedByItself();
    void addedDuringDelivery();
    void otherTypeDisabledDuringDelivery();
    void descriptorReusedInTheSameBatch();
    void nestedTurnDeliversTheRestOnce();
    void nestedTurnWithoutSocketsLeavesTheRest();
    void moreReadyThanOneWaitReturns();
};

void TestDescriptors::readable()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] { take(pair.near.get()); });
    QVERIFY(!turn());
    QCOMPARE(notifier.count, 0);
    put(pair.far.get());
    QVERIFY(turn());
    QCOMPARE(notifier.count, 1);
    QVERIFY(!turn());
}

void TestDescriptors::writable()
{
    SocketPair pair;
    const QByteArray block(1 << 16, 'x');
    while (::write(pair.near.get(), block.constData(), size_t(block.size())) > 0) {
    }
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Write);
    turn();
    QCOMPARE(notifier.count, 0);
    QByteArray sink(1 << 20, 0);
    while (::read(pair.far.get(), sink.data(), size_t(sink.size())) > 0) {
    }
    turn();
    QCOMPARE(notifier.count, 1);
}

void TestDescriptors::exceptionIsUrgentData()
{
    const Quern::base::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto *generic = reinterpret_cast<sockaddr *>(&address);
    QCOMPARE(::bind(listener.get(), generic, length), 0);
    QCOMPARE(::listen(listener.get(), 1), 0);
    QCOMPARE(::getsockname(listener.get(), generic, &length), 0);
    const Quern::base::FileDescriptor sender(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    QCOMPARE(::connect(sender.get(), generic, length), 0);
    const Quern::base::FileDescriptor receiver(::accept(listener.get(), nullptr, nullptr));

    CountingNotifier exception(receiver.get(), QSocketNotifier::Exception, [&] {
        char byte;
        QCOMPARE(::recv(receiver.get(), &byte, 1, MSG_OOB), 1);
    });
    CountingNotifier read(receiver.get(), QSocketNotifier::Read, [&] { take(receiver.get()); });
    QCOMPARE(::send(sender.get(), "a", 1, 0), 1);
    QTRY_COMPARE(read.count, 1);
    QCOMPARE(exception.count, 0);
    QCOMPARE(::send(sender.get(), "!", 1, MSG_OOB), 1);
    QTRY_COMPARE(exception.count, 1);
}

void TestDescriptors::threeTypesOnOneDescriptor()
{
    SocketPair pair;
    QList<QSocketNotifier::Type> order;
    const auto note = [&](QSocketNotifier::Type type) { return [&order, type] { order.append(type); }; };
    CountingNotifier exception(pair.near.get(), QSocketNotifier::Exception, note(QSocketNotifier::Exception));
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write, note(QSocketNotifier::Write));
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read, note(QSocketNotifier::Read));
    turn();
    QCOMPARE(order, QList<QSocketNotifier::Type>({QSocketNotifier::Write}));
    put(pair.far.get());
    turn();
    QCOMPARE(order,
             QList<QSocketNotifier::Type>({QSocketNotifier::Write, QSocketNotifier::Read, QSocketNotifier::Write}));
    write.setEnabled(false);
    turn();
    QCOMPARE(order.size(), 4);
    QCOMPARE(order.last(), QSocketNotifier::Read);
    read.setEnabled(false);
    turn();
    QCOMPARE(order.size(), 4);
    write.setEnabled(true);
    turn();
    QCOMPARE(order.last(), QSocketNotifier::Write);
    QCOMPARE(exception.count, 0);
}

void TestDescriptors::levelTriggered()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    put(pair.far.get());
    for (int i = 1; i <= 3; ++i) {
        turn();
        QCOMPARE(notifier.count, i);
    }
}

void TestDescriptors::disabledBeforeTheWait()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    turn();
    put(pair.far.get());
    notifier.setEnabled(false);
    QVERIFY(!turn());
    QCOMPARE(notifier.count, 0);
    notifier.setEnabled(true);
    turn();
    QCOMPARE(notifier.count, 1);
}

void TestDescriptors::disabledByAnEarlierNotifier()
{
    // Which of two descriptors comes first is the kernel's choice, so each switches the other off.
    SocketPair a, b;
    CountingNotifier *other = nullptr;
    CountingNotifier first(a.near.get(), QSocketNotifier::Read, [&] { other->setEnabled(false); });
    CountingNotifier second(b.near.get(), QSocketNotifier::Read, [&] { first.setEnabled(false); });
    other = &second;
    put(a.far.get());
    put(b.far.get());
    turn();
    QCOMPARE(first.count + second.count, 1);
}

void TestDescriptors::disabledAndEnabledByAnEarlierNotifier()
{
    SocketPair a, b;
    CountingNotifier *other = nullptr;
    const auto toggle = [](CountingNotifier *notifier) {
        notifier->setEnabled(false);
        notifier->setEnabled(true);
    };
    CountingNotifier first(a.near.get(), QSocketNotifier::Read, [&] { toggle(other); });
    CountingNotifier second(b.near.get(), QSocketNotifier::Read, [&] { toggle(&first); });
    other = &second;
    put(a.far.get());
    put(b.far.get());
    turn();
    QCOMPARE(first.count + second.count, 1);
    turn();
    QCOMPARE(first.count + second.count, 2);
}

void TestDescriptors::deletedByAnEarlierNotifier()
{
    SocketPair a, b;
    int count = 0;
    std::unique_ptr<CountingNotifier> first, second;
    const auto removing = [&](std::unique_ptr<CountingNotifier> &other) {
        return [&] {
            ++count;
            other.reset();
        };
    };
    first = std::make_unique<CountingNotifier>(a.near.get(), QSocketNotifier::Read, removing(second));
    second = std::make_unique<CountingNotifier>(b.near.get(), QSocketNotifier::Read, removing(first));
    put(a.far.get());
    put(b.far.get());
    turn();
    QCOMPARE(count, 1);
}

void TestDescriptors::deletedByItself()
{
    SocketPair pair;
    auto *notifier = new CountingNotifier(pair.near.get(), QSocketNotifier::Read);
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write);
    QPointer<QSocketNotifier> watched = notifier;
    connect(notifier, &QSocketNotifier::activated, this, [&] {
        notifier->disconnect();
        notifier->deleteLater();
        write.setEnabled(false);
    });
    put(pair.far.get());
    QTRY_VERIFY(!watched);
    QCOMPARE(write.count, 0);
}

void TestDescriptors::addedDuringDelivery()
{
    SocketPair pair;
    std::unique_ptr<CountingNotifier> added;
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read, [&] {
        if (!added)
            added = std::make_unique<CountingNotifier>(pair.near.get(), QSocketNotifier::Write);
    });
    put(pair.far.get());
    turn();
    QVERIFY(added);
    QCOMPARE(added->count, 0);
    turn();
    QCOMPARE(added->count, 1);
}

void TestDescriptors::otherTypeDisabledDuringDelivery()
{
    SocketPair pair;
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write);
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read, [&] { write.setEnabled(false); });
    put(pair.far.get());
    turn();
    QCOMPARE(read.count, 1);
    QCOMPARE(write.count, 0);
}

void TestDescriptors::descriptorReusedInTheSameBatch()
{
    // Both ends of the story may be delivered first: each closes the other and puts a silent socket in its place.
    SocketPair a, b, silent;
    int replaced = 0;
    std::unique_ptr<CountingNotifier> first, second, fresh;
    const auto replacing = [&](SocketPair &pair, std::unique_ptr<CountingNotifier> &notifier) {
        return [&] {
            ++replaced;
            notifier.reset();
            const int number = pair.near.get();
            QCOMPARE(::dup3(silent.near.get(), number, O_CLOEXEC), number);
            fresh = std::make_unique<CountingNotifier>(number, QSocketNotifier::Read);
        };
    };
    first = std::make_unique<CountingNotifier>(a.near.get(), QSocketNotifier::Read, replacing(b, second));
    second = std::make_unique<CountingNotifier>(b.near.get(), QSocketNotifier::Read, replacing(a, first));
    put(a.far.get());
    put(b.far.get());
    turn();
    QCOMPARE(replaced, 1);
    QCOMPARE(fresh->count, 0);
    put(silent.far.get());
    first.reset();
    second.reset();
    turn();
    QCOMPARE(fresh->count, 1);
}

void TestDescriptors::nestedTurnDeliversTheRestOnce()
{
    constexpr int size = 5;
    std::array<SocketPair, size> pairs;
    std::vector<std::unique_ptr<CountingNotifier>> notifiers;
    int depth = 0;
    int seenByNested = -1;
    const auto total = [&] {
        int sum = 0;
        for (const auto &notifier : notifiers)
            sum += notifier->count;
        return sum;
    };
    for (SocketPair &pair : pairs) {
        const int descriptor = pair.near.get();
        notifiers.push_back(std::make_unique<CountingNotifier>(descriptor, QSocketNotifier::Read, [&, descriptor] {
            take(descriptor);
            if (++depth == 1) {
                turn();
                seenByNested = total();
            }
        }));
        put(pair.far.get());
    }
    turn();
    QCOMPARE(seenByNested, size);
    QCOMPARE(total(), size);
    for (const auto &notifier : notifiers)
        QCOMPARE(notifier->count, 1);
}

void TestDescriptors::nestedTurnWithoutSocketsLeavesTheRest()
{
    SocketPair a, b;
    int nested = 0;
    const auto action = [&](SocketPair &pair) {
        return [&] {
            take(pair.near.get());
            if (++nested == 1) {
                turn(QEventLoop::ExcludeSocketNotifiers);
                QCOMPARE(nested, 1);
            }
        };
    };
    CountingNotifier first(a.near.get(), QSocketNotifier::Read, action(a));
    CountingNotifier second(b.near.get(), QSocketNotifier::Read, action(b));
    put(a.far.get());
    put(b.far.get());
    turn();
    QCOMPARE(first.count, 1);
    QCOMPARE(second.count, 1);
}

void TestDescriptors::moreReadyThanOneWaitReturns()
{
    constexpr int size = 700;
    std::vector<SocketPair> pairs(size / 2);
    std::vector<std::unique_ptr<CountingNotifier>> notifiers;
    for (SocketPair &pair : pairs) {
        for (const int descriptor : {pair.near.get(), pair.far.get()}) {
            put(descriptor);
            notifiers.push_back(std::make_unique<CountingNotifier>(descriptor, QSocketNotifier::Read));
        }
    }
    turn();
    turn();
    for (const auto &notifier : notifiers)
        QVERIFY(notifier->count > 0);
}

QUERN_EPOLL_TEST_MAIN(TestDescriptors)
#include "tst_descriptors.moc"
