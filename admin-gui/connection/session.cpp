#include "admin-gui/connection/session.h"

#include "admin/protocol/access.h"
#include "admin/protocol/methods.h"

namespace Quern::console {

Session::Session(QObject *parent) : QObject(parent), m_link(new Link)
{
    qRegisterMetaType<std::function<void()>>();
    qRegisterMetaType<LinkState>();
    qRegisterMetaType<ServerEvent>();
    qRegisterMetaType<admin::LogPage>();
    m_thread.setObjectName(QStringLiteral("link"));
    m_link->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_link, &QObject::deleteLater);
    connect(m_link, &Link::answered, this, [](const std::function<void()> &deliver) { deliver(); });
    connect(m_link, &Link::stateChanged, this, &Session::takeState);
    connect(m_link, &Link::eventArrived, this, &Session::takeEvent);
    connect(m_link, &Link::logArrived, this, [this](const admin::LogPage &page) {
        if (!m_isLeaving)
            Q_EMIT logReceived(page);
        QMetaObject::invokeMethod(m_link, &Link::logTaken, Qt::QueuedConnection);
    });
    m_thread.start();
}

Session::~Session()
{
    m_link->disconnect(this);
    m_thread.quit();
    m_thread.wait();
}

void Session::open(const ServerAddress &address, const QString &token)
{
    m_address = address;
    leave();
    QMetaObject::invokeMethod(
        m_link, [link = m_link, address, token] { link->open(address, token); }, Qt::QueuedConnection);
}

void Session::close()
{
    m_address = {};
    leave();
    QMetaObject::invokeMethod(m_link, &Link::close, Qt::QueuedConnection);
}

Error Session::left()
{
    return Error(Error::Unavailable, tr("another server has been chosen"));
}

/// What the server of before still tells does not count.
void Session::leave()
{
    ++m_epoch;
    m_isLeaving = true;
    m_status.reset();
    m_ending.reset();
    m_loss.clear();
}

void Session::retryNow()
{
    QMetaObject::invokeMethod(m_link, &Link::retryNow, Qt::QueuedConnection);
}

bool Session::may(QLatin1StringView method) const
{
    return m_state.isUp() && admin::checkAccess(m_state.role, QString(method)).ok();
}

void Session::call(QLatin1StringView method, const QJsonObject &params, QObject *context,
                   std::function<void(const Result<QJsonObject> &outcome)> done)
{
    Question question;
    question.method = method;
    question.params = params;
    question.prepare = [this, epoch = m_epoch, guard = QPointer<QObject>(context),
                        done = std::move(done)](const Result<QJsonObject> &outcome) -> std::function<void()> {
        return [this, epoch, guard, done, outcome] {
            if (guard)
                done(epoch == m_epoch ? outcome : Result<QJsonObject>(left()));
        };
    };
    send(question);
}

void Session::send(const Question &question)
{
    QMetaObject::invokeMethod(
        m_link, [link = m_link, question] { link->ask(question); }, Qt::QueuedConnection);
}

void Session::takeState(const LinkState &state)
{
    m_isLeaving = m_isLeaving && state.phase != LinkState::Phase::Idle; // open() closes first, too
    if (m_isLeaving)
        return;
    const bool wasUp = m_state.isUp();
    const LinkState::Phase before = m_state.phase;
    m_state = state;
    if (wasUp && !state.isUp() && state.phase != LinkState::Phase::Idle) {
        if (m_ending == admin::Operation::Kind::Stop)
            m_loss = tr("It was stopped.");
        else if (m_ending == admin::Operation::Kind::Restart)
            m_loss = tr("It restarts.");
        else if (m_status && m_status->state == admin::Status::State::Stopping)
            m_loss = tr("It was stopped from outside, by a signal.");
        else if (m_address.isLocal())
            m_loss = tr("It has ended without a word: it crashed, or was killed. Its log may say more.");
        else
            m_loss = tr("It has ended without a word, or the network has.");
    }
    if (!wasUp && state.isUp()) {
        m_loss.clear();
        m_ending.reset();
    }
    Q_EMIT stateChanged(m_state);
    if (state.phase == LinkState::Phase::Connected && before != LinkState::Phase::Silent && !wasUp)
        Q_EMIT connected();
}

QString Session::trouble() const
{
    using Phase = LinkState::Phase;
    if (m_state.phase == Phase::Idle || m_state.phase == Phase::Connected)
        return {};
    if (!m_loss.isEmpty() || m_state.reason.isEmpty())
        return m_loss;
    return m_state.reason.at(0).toUpper() + m_state.reason.mid(1) + u'.';
}

void Session::takeEvent(const ServerEvent &event)
{
    if (m_isLeaving)
        return;
    if (const auto *status = std::get_if<std::shared_ptr<const admin::Status>>(&event)) {
        m_status = *status;
        Q_EMIT statusChanged(m_status);
    } else if (const auto *operation = std::get_if<admin::Operation>(&event)) {
        const bool isEnd =
            operation->kind == admin::Operation::Kind::Stop || operation->kind == admin::Operation::Kind::Restart;
        // A restart that has succeeded is told by the server after it.
        const bool isOver = operation->state == admin::Operation::State::Failed ||
                            (operation->kind == admin::Operation::Kind::Restart &&
                             operation->state == admin::Operation::State::Succeeded);
        if (isEnd && isOver)
            m_ending.reset();
        else if (isEnd)
            m_ending = operation->kind;
        Q_EMIT operationChanged(*operation);
    } else if (const auto *process = std::get_if<admin::ProcessEvent>(&event)) {
        Q_EMIT processChanged(*process);
    }
}

} // namespace Quern::console
