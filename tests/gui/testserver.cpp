#include "testserver.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

#include <csignal>

namespace {

constexpr int commandPatienceMs = 60'000;
constexpr int answerPatienceMs = 15'000;

quint16 freePort()
{
    QTcpServer probe;
    probe.listen(QHostAddress::LocalHost);
    return probe.serverPort();
}

} // namespace

TestServer::TestServer(const QByteArray &more) : m_port(freePort()), m_apiPort(freePort())
{
    writeConfig(more);
}

TestServer::~TestServer()
{
    if (isRunning() && !stop())
        kill();
}

void TestServer::writeConfig(const QByteArray &more) const
{
    QFile file(configFile());
    if (!file.open(QIODevice::WriteOnly))
        return;
    file.write("[server]\nlisten = \"127.0.0.1:" + QByteArray::number(m_port) +
               "\"\nruntime_dir = \"run\"\nworker_num = 2\ntask_worker_num = 1\nmax_wait_time = 5\n"
               "[[plugin]]\nname = \"welcome\"\n[plugin.settings]\nallow_crash = true\n"
               "[[plugin]]\nname = \"chat\"\n[[plugin]]\nname = \"worklab\"\n"
               "[[table]]\nname = \"prices\"\nsize = 1000\n"
               "columns = { price = \"int\", stock = \"int:4\", rate = \"float\", title = \"string:64\" }\n"
               "[[atomic]]\nname = \"visits\"\n"
               "[[cron]]\njob = \"tick\"\ninterval = 1000\n"
               "[[process]]\nhandler = \"shouter\"\npipe = \"stream\"\n"
               "[admin]\nenable = true\nlisten = \"127.0.0.1:" +
               QByteArray::number(m_apiPort) + "\"\n" + more);
}

QString TestServer::run(const QStringList &words) const
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(QStringLiteral(QUERN_PROGRAM), words + QStringList{QStringLiteral("-c"), configFile()});
    process.waitForFinished(commandPatienceMs);
    return QString::fromUtf8(process.readAll());
}

bool TestServer::start()
{
    const QString output = run({QStringLiteral("start"), QStringLiteral("-d")});
    if (!isRunning())
        qWarning().noquote() << "the server does not start:" << output;
    return isRunning();
}

bool TestServer::stop()
{
    const QString output = run({QStringLiteral("stop")});
    if (isRunning())
        qWarning().noquote() << "the server does not stop:" << output;
    return !isRunning();
}

void TestServer::kill()
{
    const qint64 master = pid();
    if (master > 0)
        ::kill(pid_t(master), SIGKILL);
}

qint64 TestServer::pid() const
{
    QFile file(m_folder.filePath(QStringLiteral("run/quern.pid")));
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toLongLong() : 0;
}

bool TestServer::isRunning() const
{
    const qint64 master = pid();
    return master > 0 && ::kill(pid_t(master), 0) == 0;
}

QString TestServer::token(const QString &role) const
{
    QFile file(m_folder.filePath(QStringLiteral("run/admin.tokens")));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    for (const QByteArray &line : file.readAll().split('\n')) {
        const QList<QByteArray> words = line.simplified().split(' ');
        if (words.size() == 3 && words.constFirst() == role.toUtf8())
            return QString::fromUtf8(words.at(2));
    }
    return {};
}

QByteArray TestServer::request(const QByteArray &method, const QString &path, const QByteArray &body) const
{
    QTcpSocket socket;
    socket.connectToHost(QHostAddress::LocalHost, m_port);
    socket.write(method + ' ' + path.toUtf8() +
                 " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                 QByteArray::number(body.size()) + "\r\n\r\n" + body);
    const QDeadlineTimer deadline(answerPatienceMs);
    while (socket.state() != QAbstractSocket::UnconnectedState && !deadline.hasExpired())
        socket.waitForReadyRead(100);
    const QByteArray answer = socket.readAll();
    return answer.mid(answer.indexOf("\r\n\r\n") + 4);
}
