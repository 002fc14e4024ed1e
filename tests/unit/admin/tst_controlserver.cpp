#include "admin/protocol/linedecoder.h"
#include "admin/server/controlserver.h"

#include <QLocalSocket>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

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

QTEST_GUILESS_MAIN(tst_ControlServer)
#include "tst_controlserver.moc"
