#include "manyconnections.h"

#include "admin/protocol/connectionmessages.h"
#include "admin/protocol/methods.h"

#include <QJsonDocument>
#include <QLocalServer>
#include <QLocalSocket>
#include <QTimer>

#include <random>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

namespace {

using admin::ConnectionDescription;

/// \a traffic is what may be another number later.
ConnectionDescription connection(int number, std::mt19937 &random, std::mt19937 &traffic)
{
    const bool isStream = number % 10 == 0;
    ConnectionDescription description;
    description.id = QString::number(number);
    description.kind = isStream ? ConnectionDescription::Kind::Stream : ConnectionDescription::Kind::WebSocket;
    description.port = isStream ? u"telnet"_s : u"main"_s;
    description.remoteAddress = u"10.%1.%2.%3"_s.arg(random() % 4).arg(random() % 256).arg(random() % 256);
    description.remotePort = 1024 + int(random() % 60'000);
    if (number % 3 != 0)
        description.user.bytes = "user-" + QByteArray::number(random() % 50'000);
    description.openedAt = QDateTime::fromMSecsSinceEpoch(1'750'000'000'000 + qint64(random() % 100'000'000), Qt::UTC);
    description.lastReceivedAt = description.openedAt.addMSecs(qint64(traffic() % 1'000'000));
    description.bytesReceived = qint64(traffic() % 10'000'000);
    description.bytesSent = qint64(traffic() % 10'000'000);
    description.pendingBytes = number % 50 == 0 ? qint64(traffic() % 200'000) : 0;
    return description;
}

QByteArray compact(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

} // namespace

ManyConnections::ManyConnections(int count) : m_server(new QLocalServer)
{
    for (unsigned sweep = 0; sweep < m_sweeps.size(); ++sweep) {
        std::mt19937 random(1);
        std::mt19937 traffic(sweep);
        QByteArrayList &pages = m_sweeps[sweep];
        for (int number = 1; number <= count;) {
            admin::ConnectionPage page;
            for (int i = 0; i < PageSize && number <= count; ++i, ++number)
                page.connections.append(connection(number, random, traffic));
            page.next = number <= count ? QString::number(pages.size() + 1) : QString();
            pages.append(compact(page.toJson()));
        }
    }
    m_pagesKept = int(m_sweeps[0].size());
    m_server->moveToThread(&m_thread);
    m_thread.start();
    QMetaObject::invokeMethod(
        m_server, [this] { listen(); }, Qt::BlockingQueuedConnection);
}

ManyConnections::~ManyConnections()
{
    QMetaObject::invokeMethod(
        m_server, [this] { delete m_server; }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

void ManyConnections::listen()
{
    QObject::connect(m_server, &QLocalServer::newConnection, m_server, [this] {
        while (QLocalSocket *socket = m_server->nextPendingConnection()) {
            m_decoders.emplace(socket, admin::LineDecoder());
            QObject::connect(socket, &QLocalSocket::readyRead, socket, [this, socket] { read(socket); });
        }
    });
    if (!m_server->listen(path()))
        qFatal("%s: %s", qPrintable(path()), qPrintable(m_server->errorString()));
}

void ManyConnections::read(QLocalSocket *socket)
{
    admin::LineDecoder &decoder = m_decoders.at(socket);
    decoder.append(socket->readAll());
    for (auto line = decoder.next(); line && *line; line = decoder.next()) {
        const Result<QJsonObject> request = admin::decodeLine(**line);
        if (!request)
            qFatal("not a request: %s", (*line)->constData());
        answer(socket, *request);
    }
}

void ManyConnections::answer(QLocalSocket *socket, const QJsonObject &request)
{
    const QString method = request["method"_L1].toString();
    QByteArray result;
    if (method == admin::Methods::connectionList) {
        ++m_pagesAsked;
        m_mostAtATime = std::max(m_mostAtATime.load(), ++m_underWay);
        result = page(request["params"_L1].toObject());
    } else if (method == admin::Methods::listenerList) {
        admin::ListenerDescription main;
        main.name = u"main"_s;
        main.address = u"http://127.0.0.1:5200/"_s;
        main.connections = 12;
        result = compact(admin::ListenerList{{main}}.toJson());
    } else if (method == admin::Methods::serverAccess) {
        result = compact({{u"role"_s, u"admin"_s}, {u"name"_s, u"a test"_s}});
    } else {
        result = "{}";
        if (method != admin::Methods::serverSubscribe) {
            const QMutexLocker locker(&m_mutex);
            m_otherRequests.append({{u"method"_s, method}, {u"params"_s, request["params"_L1]}});
        }
    }
    const QByteArray reply =
        "{\"id\":" + QByteArray::number(request["id"_L1].toInteger()) + ",\"result\":" + result + "}\n";
    QTimer::singleShot(m_delay.load(), socket, [this, socket, reply, method] {
        if (method == admin::Methods::connectionList)
            --m_underWay;
        socket->write(reply);
    });
}

QList<QJsonObject> ManyConnections::otherRequests() const
{
    const QMutexLocker locker(&m_mutex);
    return m_otherRequests;
}

QByteArray ManyConnections::page(const QJsonObject &params)
{
    const int number = params["after"_L1].toString().toInt();
    if (number == 0)
        ++m_sweep;
    return number < m_pagesKept ? m_sweeps[m_sweep % m_sweeps.size()].at(number)
                                : QByteArray("{\"connections\":[],\"next\":\"\"}");
}
