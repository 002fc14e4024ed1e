#include "epolltestmain.h"

#include "channelsupport.h"
#include "tasks/postoffice.h"

#include <memory>

using namespace Quern;
using namespace Quern::tasks;
using namespace Qt::Literals::StringLiterals;
using ipc::ChildRole;
using ipc::PostKind;
using ipc::PostMessage;

namespace {

ipc::ProcessEntry entry(const QString &name, ipc::PipeKind pipe, ipc::QueueMode queue, int num = 1)
{
    ipc::ProcessEntry made;
    made.name = made.handler = name;
    made.num = num;
    made.pipe = pipe;
    made.pipeBuffer = 100;
    made.queue = queue;
    made.queueCapacity = 3;
    return made;
}

ipc::ProcessPlan plan()
{
    ipc::ProcessPlan made;
    made.workers = 2;
    made.processes = {entry(u"mailer"_s, ipc::PipeKind::Stream, ipc::QueueMode::Shared, 2),
                      entry(u"plain"_s, ipc::PipeKind::None, ipc::QueueMode::None)};
    return made;
}

/// A child with its channel to the post office.
class Child final : private BrokerLinkEvents
{
public:
    Child(PostOffice &office, quint64 childId, const ipc::ChildIdentity &who) : m_office(office)
    {
        auto pair = ipc::Channel::createPair();
        if (!pair)
            qFatal("socketpair");
        m_link = std::make_unique<BrokerLink>(pair->first, nullptr, LinkInfo{childId, who, 1},
                                              static_cast<BrokerLinkEvents &>(*this));
        m_channel = std::make_unique<ipc::Channel>(pair->second, &m_sink);
        m_office.addLink(*m_link);
    }
    ~Child() override { m_office.removeLink(m_link->info().childId); }
    Q_DISABLE_COPY_MOVE(Child)

    void send(const PostMessage &message, quint64 id = 0)
    {
        m_channel->sendWith([&](QByteArray &out) { ipc::appendPost(out, id, message); });
        m_channel->flush();
    }
    void send(PostKind kind, const QByteArray &payload = {}, const QString &name = u"mailer"_s, int number = 0,
              quint64 item = 0, quint32 timeoutMs = 60'000)
    {
        const QByteArray utf8 = name.toUtf8();
        PostMessage message;
        message.kind = kind;
        message.flags = ipc::PostWantsAnswer;
        message.number = number;
        message.item = item;
        message.timeoutMs = timeoutMs;
        message.name = utf8;
        message.payload = payload;
        send(message, ++m_serial);
    }
    /// The next that has come: "1 ok hello #3" to request 1, "1 error 5" or "hello from worker 1".
    QString next()
    {
        if (!IpcTest::turnUntil([this] { return m_sink.frames.size() > m_read; }))
            return u"nothing"_s;
        const auto &frame = m_sink.frames.at(m_read++);
        const Result<PostMessage> message = ipc::decodePost(frame.payload);
        if (!message)
            return message.error().message();
        const QString text = QString::fromUtf8(message->payload);
        m_text = text;
        if (message->kind == PostKind::Message) {
            const ipc::ChildIdentity from{message->role, message->number, QString::fromUtf8(message->name)};
            return u"%1 #%2 from %3"_s.arg(text).arg(message->item).arg(from.text());
        }
        if (message->code != 0)
            return u"%1 error %2"_s.arg(frame.id).arg(message->code - 1);
        return u"%1 ok %2"_s.arg(frame.id).arg(text) + (message->item > 0 ? u" #%1"_s.arg(message->item) : QString());
    }
    /// What stands in that.
    const QString &text() const { return m_text; }
    bool hasNothing()
    {
        IpcTest::turnUntilBlocking();
        return m_sink.frames.size() == m_read;
    }

private:
    void delivered(BrokerLink &, quint64, const ipc::DeliverMessage &) override {}
    void taskDone(BrokerLink &, quint64, const ipc::TaskDoneMessage &) override {}
    void posted(BrokerLink &link, quint64 id, const PostMessage &message) override
    {
        m_office.received(link, id, message);
    }
    void linkClosed(BrokerLink &) override {}

    PostOffice &m_office;
    IpcTest::RecordingSink m_sink;
    std::unique_ptr<BrokerLink> m_link;
    std::unique_ptr<ipc::Channel> m_channel;
    qsizetype m_read = 0;
    QString m_text;
    quint64 m_serial = 0;
};

QString errorText(quint64 id, Error::Code code)
{
    return u"%1 error %2"_s.arg(id).arg(int(code));
}

} // namespace

/// The post office with real channels: who may say what, and what survives whom.
class TestPostOffice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pipeInBothDirections();
    void refusals();
    void readsEndInTime();
    void queueOutlivesItsProcess();
    void cancelledPop();
    void messages();
    void messageWaitsForTheSuccessor();
    void printedGoesIntoThePipe();
    void reloadKeepsWhatCanStay();
    void reloadAnswersWhoWaits();
    void reloadDropsMessages();
};

void TestPostOffice::pipeInBothDirections()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    worker.send(PostKind::WriteTo, "hello", u"mailer"_s, 1);
    QCOMPARE(worker.next(), u"1 ok "_s);
    // It was not there yet.
    Child mailer(office, 2, {ChildRole::Process, 1, u"mailer"_s});
    mailer.send(PostKind::ProcessReads);
    QCOMPARE(mailer.next(), u"1 ok hello"_s);
    worker.send(PostKind::ReadFrom, {}, u"mailer"_s, 1);
    mailer.send(PostKind::ProcessWrites, "HELLO");
    QCOMPARE(mailer.next(), u"2 ok "_s);
    QCOMPARE(worker.next(), u"2 ok HELLO"_s);
}

void TestPostOffice::refusals()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    Child plain(office, 2, {ChildRole::Process, 0, u"plain"_s});
    worker.send(PostKind::WriteTo, "x", u"nobody"_s);
    QCOMPARE(worker.next(), errorText(1, Error::NotFound));
    worker.send(PostKind::WriteTo, "x", u"mailer"_s, 2);
    QCOMPARE(worker.next(), errorText(2, Error::NotFound));
    worker.send(PostKind::WriteTo, "x", u"plain"_s);
    QCOMPARE(worker.next(), errorText(3, Error::Invalid));
    worker.send(PostKind::Push, "x", u"plain"_s);
    QCOMPARE(worker.next(), errorText(4, Error::Invalid));
    worker.send(PostKind::Pop);
    QCOMPARE(worker.next(), errorText(5, Error::NotFound));
    worker.send(PostKind::WriteTo, QByteArray(101, 'x'));
    QCOMPARE(worker.next(), errorText(6, Error::Busy));
    for (int i = 0; i < 3; ++i) {
        worker.send(PostKind::Push, "x");
        worker.next();
    }
    worker.send(PostKind::Push, "x");
    QCOMPARE(worker.next(), errorText(10, Error::Busy));
    plain.send(PostKind::ProcessReads);
    QCOMPARE(plain.next(), errorText(1, Error::Invalid));
    QCOMPARE(plain.text(), u"process \"plain\" has no pipe: write pipe = \"stream\" in its [[process]]"_s);
    plain.send(PostKind::Pop);
    QCOMPARE(plain.next(), errorText(2, Error::Invalid));
    QCOMPARE(plain.text(), u"process \"plain\" has no queue: write queue = { mode = \"shared\" } in its [[process]]"_s);
}

void TestPostOffice::readsEndInTime()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    Child mailer(office, 2, {ChildRole::Process, 0, u"mailer"_s});
    worker.send(PostKind::ReadFrom, {}, u"mailer"_s, 0, 0, 200);
    worker.send(PostKind::ReadFrom, {}, u"mailer"_s, 0, 0, 1);
    mailer.send(PostKind::Pop, {}, {}, 0, 0, 0);
    QCOMPARE(mailer.next(), errorText(1, Error::Timeout));
    QCOMPARE(worker.next(), errorText(2, Error::Timeout));
    QCOMPARE(worker.next(), errorText(1, Error::Timeout));
}

void TestPostOffice::queueOutlivesItsProcess()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    for (const char *item : {"one", "two", "three"}) {
        worker.send(PostKind::Push, item);
        worker.next();
    }
    auto first = std::make_unique<Child>(office, 2, ipc::ChildIdentity{ChildRole::Process, 0, u"mailer"_s});
    first->send(PostKind::Pop);
    QCOMPARE(first->next(), u"1 ok one #1"_s);
    first->send(PostKind::Pop, {}, {}, 0, 1);
    QCOMPARE(first->next(), u"2 ok two #2"_s);
    first.reset();
    Child second(office, 3, {ChildRole::Process, 1, u"mailer"_s});
    second.send(PostKind::Pop);
    QCOMPARE(second.next(), u"1 ok two #2"_s);
    second.send(PostKind::Done, {}, {}, 0, 2);
    second.send(PostKind::Pop);
    QCOMPARE(second.next(), u"3 ok three #3"_s);
    office.turnEnded();
    QCOMPARE(office.fill(),
             (QList<ChannelFill>{{.process = u"mailer"_s, .queueItems = 1, .queueCapacity = 3, .pipeCapacity = 200}}));
}

void TestPostOffice::cancelledPop()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    Child mailer(office, 2, {ChildRole::Process, 0, u"mailer"_s});
    mailer.send(PostKind::Pop);
    QVERIFY(mailer.hasNothing());
    PostMessage cancel;
    cancel.kind = PostKind::Cancel;
    mailer.send(cancel, 1);
    QCOMPARE(mailer.next(), errorText(1, Error::Unavailable));
    worker.send(PostKind::Push, "one");
    worker.next();
    QVERIFY(mailer.hasNothing());
}

void TestPostOffice::messages()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    Child other(office, 2, {ChildRole::Worker, 1});
    Child mailer(office, 3, {ChildRole::Process, 0, u"mailer"_s});
    for (Child *child : {&worker, &other, &mailer})
        child->send(PostKind::Open);
    PostMessage message;
    message.kind = PostKind::Message;
    message.role = ChildRole::Worker;
    message.number = -1;
    message.payload = "hello";
    mailer.send(message);
    QCOMPARE(worker.next(), u"hello #1 from process mailer 0"_s);
    QCOMPARE(other.next(), u"hello #1 from process mailer 0"_s);
    // To all of its own kind, but not to itself.
    worker.send(message);
    QCOMPARE(other.next(), u"hello #2 from worker 0"_s);
    QVERIFY(worker.hasNothing());
}

void TestPostOffice::messageWaitsForTheSuccessor()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    PostMessage message;
    message.kind = PostKind::Message;
    message.number = 0;
    message.name = "mailer";
    for (const char *text : {"one", "two"}) {
        message.payload = text;
        worker.send(message);
    }
    auto first = std::make_unique<Child>(office, 2, ipc::ChildIdentity{ChildRole::Process, 0, u"mailer"_s});
    QVERIFY(first->hasNothing());
    first->send(PostKind::Open);
    QCOMPARE(first->next(), u"one #1 from worker 0"_s);
    QCOMPARE(first->next(), u"two #2 from worker 0"_s);
    first->send(PostKind::Begun, {}, {}, 0, 1);
    QVERIFY(first->hasNothing());
    first.reset();
    Child second(office, 3, {ChildRole::Process, 0, u"mailer"_s});
    second.send(PostKind::Open);
    QCOMPARE(second.next(), u"two #2 from worker 0"_s);
}

void TestPostOffice::printedGoesIntoThePipe()
{
    PostOffice office(plan());
    const ipc::ChildIdentity who{ChildRole::Process, 0, u"mailer"_s};
    office.printed(who, QByteArray(90, 'a'));
    QTest::ignoreMessage(QtWarningMsg, "90 bytes that process mailer 0 has printed are lost: nobody reads its pipe");
    office.printed(who, QByteArray(20, 'b'));
    Child worker(office, 1, {ChildRole::Worker, 0});
    worker.send(PostKind::ReadFrom);
    QCOMPARE(worker.next(), u"1 ok "_s + QString(20, u'b'));
    office.turnEnded();
    QCOMPARE(office.fill().first().printedLost, qint64(90));
    QCOMPARE(office.fill().first().outputBytes, qint64(0));
    office.printed(who, "more");
    office.turnEnded();
    QCOMPARE(office.fill().first().outputBytes, qint64(4));
    worker.send(PostKind::WriteTo, "five!", u"mailer"_s, 1);
    QCOMPARE(worker.next(), u"2 ok "_s);
    office.turnEnded();
    QCOMPARE(office.fill().first().inputBytes, qint64(5));
    // The line comes a second later; what is ignored must come, else the test fails.
    QTest::qWait(0);
    QVERIFY(IpcTest::turnUntil([clock = QDeadlineTimer(1100)] { return clock.hasExpired(); }));
}

void TestPostOffice::reloadKeepsWhatCanStay()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    worker.send(PostKind::Push, "one");
    worker.send(PostKind::WriteTo, "bytes");
    worker.send(PostKind::ReadFrom, {}, u"mailer"_s, 1);
    worker.next();
    worker.next();
    ipc::ProcessPlan fewer = plan();
    fewer.processes.first().num = 1;
    office.reconfigure(fewer);
    QCOMPARE(worker.next(), errorText(3, Error::Unavailable));
    Child mailer(office, 2, {ChildRole::Process, 0, u"mailer"_s});
    mailer.send(PostKind::Pop);
    QCOMPARE(mailer.next(), u"1 ok one #1"_s);
    mailer.send(PostKind::ProcessReads);
    QCOMPARE(mailer.next(), u"2 ok bytes"_s);
    // What cannot stay is counted.
    fewer.processes.first().queue = ipc::QueueMode::Addressed;
    QTest::ignoreMessage(QtWarningMsg,
                         "the queue of process \"mailer\" is another now: the 1 items of the old one are lost");
    office.reconfigure(fewer);
    worker.send(PostKind::Push, "two");
    QCOMPARE(worker.next(), u"4 ok "_s);
    QTest::ignoreMessage(QtWarningMsg, "process \"mailer\" is no more: 1 items of its queue are lost");
    office.reconfigure({});
    worker.send(PostKind::Push, "three");
    QCOMPARE(worker.next(), errorText(5, Error::NotFound));
}

void TestPostOffice::reloadAnswersWhoWaits()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    Child mailer(office, 2, {ChildRole::Process, 0, u"mailer"_s});
    mailer.send(PostKind::Pop);
    QVERIFY(mailer.hasNothing());
    ipc::ProcessPlan other = plan();
    other.processes.first().queue = ipc::QueueMode::Addressed;
    office.reconfigure(other);
    QCOMPARE(mailer.next(), errorText(1, Error::Unavailable));
    mailer.send(PostKind::Pop);
    worker.send(PostKind::ReadFrom);
    QVERIFY(mailer.hasNothing() && worker.hasNothing());
    office.reconfigure({});
    QCOMPARE(mailer.next(), errorText(2, Error::Unavailable));
    QCOMPARE(worker.next(), errorText(1, Error::Unavailable));
}

void TestPostOffice::reloadDropsMessages()
{
    PostOffice office(plan());
    Child worker(office, 1, {ChildRole::Worker, 0});
    PostMessage message;
    message.kind = PostKind::Message;
    message.role = ChildRole::Worker;
    message.number = 1;
    message.payload = "old";
    worker.send(message);
    QVERIFY(worker.hasNothing());
    QCOMPARE(office.counters().messages.load(), 1u);
    ipc::ProcessPlan fewer = plan();
    fewer.workers = 1;
    QTest::ignoreMessage(QtWarningMsg, "worker 1 is no more: 1 messages for it are lost");
    office.reconfigure(fewer);
    office.reconfigure(plan());
    Child receiver(office, 2, {ChildRole::Worker, 1});
    receiver.send(PostKind::Open);
    message.payload = "new";
    worker.send(message);
    QCOMPARE(receiver.next(), u"new #1 from worker 0"_s);
}

QUERN_EPOLL_TEST_MAIN(TestPostOffice)
#include "tst_postoffice.moc"
