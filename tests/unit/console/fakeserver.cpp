#include "fakeserver.h"

#include "admin/protocol/methods.h"

using namespace Quern;

FakeServer::FakeServer()
{
    connect(&m_server, &QLocalServer::newConnection, this, &FakeServer::accept);
    answer(admin::Methods::serverAccess, [](const QJsonObject &) {
        return QJsonObject{{QStringLiteral("role"), QStringLiteral("admin")},
                           {QStringLiteral("name"), QStringLiteral("tester")}};
    });
    answer(admin::Methods::serverSubscribe, [](const QJsonObject &) { return QJsonObject(); });
}

bool FakeServer::listen()
{
    return m_server.listen(path());
}

void FakeServer::close()
{
    m_server.close();
    drop();
}

void FakeServer::drop()
{
    m_clients.clear();
}

void FakeServer::accept()
{
    while (QLocalSocket *socket = m_server.nextPendingConnection()) {
        socket->setParent(nullptr);
        auto client = std::make_unique<Client>();
        client->socket.reset(socket);
        Client *raw = client.get();
        connect(socket, &QLocalSocket::readyRead, this, [this, raw] { read(*raw); });
        m_clients.push_back(std::move(client));
    }
}

void FakeServer::read(Client &client)
{
    client.decoder.append(client.socket->readAll());
    while (true) {
        const Result<std::optional<QByteArray>> line = client.decoder.next();
        if (!line || !*line)
            return;
        const Result<QJsonObject> json = admin::decodeLine(**line);
        const Result<admin::Request> request =
            json ? admin::Request::fromJson(*json) : Result<admin::Request>(json.error());
        if (!request)
            return;
        m_asked.append(request->method);
        if (m_isMute)
            continue;
        admin::Reply reply;
        reply.id = request->id;
        const auto found = m_answers.find(request->method);
        reply.outcome = found == m_answers.end() ? Result<QJsonObject>(admin::noMethod(request->method))
                                                 : found->second(request->params);
        client.socket->write(admin::encodeLine(reply.toJson()));
    }
}

void FakeServer::tell(QLatin1StringView event, const QJsonObject &data)
{
    admin::Event message;
    message.name = event;
    message.data = data;
    sendRaw(admin::encodeLine(message.toJson()));
}

void FakeServer::sendRaw(const QByteArray &bytes)
{
    for (const std::unique_ptr<Client> &client : m_clients)
        client->socket->write(bytes);
}
