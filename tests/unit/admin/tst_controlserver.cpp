#include "admin/protocol/linedecoder.h"
#include "admin/server/controlserver.h"

#include "base/filedescriptor.h"

#include <QFile>
#include <QLocalSocket>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

/// The control socket: what its client sends, and what waits for it.
class tst_ControlServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void requestsComeFromTheUser();
    void whatIsNoRequestIsTold();
    void aMessageMayBeLargerThanWhatMayWait();
    void listensAgainWhenThereAreDescriptors();
    void takesThePlaceOfAnother();

private:
    /// A request, whose client is returned.
    quint64 ask();

    QTemporaryDir m_folder;
    std::unique_ptr<ControlServer> m_server;
    std::unique_ptr<QLocalSocket> m_client;
    QList<Caller> m_callers;
    QList<quint64> m_gone;
};

void tst_ControlServer::init()
{
    const QString path = m_folder.filePath(u"control"_s);
    m_server = std::make_unique<ControlServer>();
    QVERIFY(m_server->listen(path));
    connect(m_server.get(), &Transport::requestReceived, this,
            [this](const Caller &caller) { m_callers.append(caller); });
    connect(m_server.get(), &Transport::clientGone, this, [this](quint64 client) { m_gone.append(client); });
    m_client = std::make_unique<QLocalSocket>();
    m_client->connectToServer(path);
    QTRY_COMPARE(m_client->state(), QLocalSocket::ConnectedState);
}

void tst_ControlServer::cleanup()
{
    m_client.reset();
    m_server.reset();
    m_callers.clear();
    m_gone.clear();
}

quint64 tst_ControlServer::ask()
{
    m_client->write("{\"id\":5,\"method\":\"server.status\"}\n");
    return QTest::qWaitFor([this] { return !m_callers.isEmpty(); }) ? m_callers.constLast().client : 0;
}

void tst_ControlServer::requestsComeFromTheUser()
{
    const quint64 client = ask();
    QCOMPARE(m_callers.size(), 1);
    QCOMPARE(m_callers.at(0).role, Role::Admin);
    QVERIFY(m_callers.at(0).name.startsWith(u"uid "_s));
    m_server->sendReply(client, {5, QJsonObject{{u"a"_s, 1}}});
    QTRY_VERIFY(m_client->canReadLine());
    QCOMPARE(m_client->readLine(), "{\"id\":5,\"result\":{\"a\":1}}\n");
    m_client->abort();
    QTRY_COMPARE(m_gone, QList<quint64>{client});
}

void tst_ControlServer::whatIsNoRequestIsTold()
{
    m_client->write("[]\n");
    QTRY_VERIFY(m_client->canReadLine());
    QVERIFY(m_client->readLine().contains("\"error\""));
    QVERIFY(m_callers.isEmpty());
    // A line without an end is not waited for for ever.
    m_client->write(QByteArray(longestMessage + 1, ' '));
    QTRY_COMPARE(m_client->state(), QLocalSocket::UnconnectedState);
}

void tst_ControlServer::aMessageMayBeLargerThanWhatMayWait()
{
    const quint64 client = ask();
    const QString large(ControlServer::MaxPendingOutput + 1, u'x');
    m_server->sendReply(client, {5, QJsonObject{{u"text"_s, large}}});
    QTRY_VERIFY(m_client->canReadLine());
    QVERIFY(m_client->readLine().size() > large.size());
    QVERIFY(m_gone.isEmpty());
    // What comes while all of that still waits is too much.
    m_server->sendEvent(client, {u"log"_s, {{u"text"_s, large}}});
    m_server->sendEvent(client, {u"log"_s, {}});
    QCOMPARE(m_gone, QList<quint64>{client});
}

void tst_ControlServer::listensAgainWhenThereAreDescriptors()
{
    rlimit limit = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit before = limit;
    limit.rlim_cur = 256;
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto restore = qScopeGuard([&before] { ::setrlimit(RLIMIT_NOFILE, &before); });
    // The client has one before there are none.
    base::FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::vector<base::FileDescriptor> others;
    for (int fd = ::dup(client.get()); fd >= 0; fd = ::dup(client.get()))
        others.emplace_back(fd);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    qstrncpy(address.sun_path, QFile::encodeName(m_folder.filePath(u"control"_s)).constData(), sizeof address.sun_path);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"could not accept a client"_s));
    QCOMPARE(::connect(client.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
    // It stays deaf for as long as there are none.
    QTest::qWait(1200);
    others.clear();
    m_client->abort();
    QTRY_VERIFY([this] {
        if (m_client->state() == QLocalSocket::UnconnectedState)
            m_client->connectToServer(m_folder.filePath(u"control"_s));
        return m_client->waitForConnected(100);
    }());
    QVERIFY(ask() != 0);
}

void tst_ControlServer::takesThePlaceOfAnother()
{
    const QString path = m_folder.filePath(u"control"_s);
    ControlServer next;
    QVERIFY(next.listen(path));
    const QSignalSpy asked(&next, &Transport::requestReceived);
    QLocalSocket client;
    client.connectToServer(path);
    QVERIFY(client.waitForConnected());
    client.write("{\"id\":1,\"method\":\"server.status\"}\n");
    QTRY_COMPARE(asked.size(), 1);
    // Who came to the one before is served there, whose end leaves the file of the next.
    QVERIFY(ask() != 0);
    m_server->leaveFile();
    m_server->close(0ms);
    QVERIFY(QFile::exists(path));
    next.close(0ms);
    QVERIFY(!QFile::exists(path));
}

QTEST_GUILESS_MAIN(tst_ControlServer)
#include "tst_controlserver.moc"
