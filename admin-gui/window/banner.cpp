#include "admin-gui/window/banner.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace Quern::console {

Banner::Banner(Session &session, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
    , m_text(new QLabel)
    , m_retry(new QPushButton(tr("Try now")))
    , m_token(new QPushButton(tr("Enter a token…")))
{
    setObjectName(QStringLiteral("banner"));
    setAutoFillBackground(true);
    m_text->setObjectName(QStringLiteral("banner.text"));
    m_text->setWordWrap(true);
    m_retry->setObjectName(QStringLiteral("banner.retry"));
    m_token->setObjectName(QStringLiteral("banner.token"));
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 6, 12, 6);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_token);
    layout->addWidget(m_retry);
    connect(m_retry, &QPushButton::clicked, &session, &Session::retryNow);
    connect(m_token, &QPushButton::clicked, this, &Banner::tokenRequested);
    connect(&session, &Session::stateChanged, this, &Banner::update);
    dress();
    update();
}

void Banner::update()
{
    using Phase = LinkState::Phase;
    const LinkState &link = m_session.state();
    const bool isAgain = link.phase == Phase::Connecting && !m_session.trouble().isEmpty();
    setVisible(link.phase == Phase::Silent || link.phase == Phase::Waiting || link.phase == Phase::Refused || isAgain);
    m_retry->setVisible(link.phase == Phase::Waiting || link.phase == Phase::Refused);
    m_token->setVisible(link.phase == Phase::Refused && !m_session.address().isLocal());
    switch (link.phase) {
    case Phase::Silent:
        m_text->setText(tr("The server says nothing. What is shown may be out of date."));
        break;
    case Phase::Waiting:
        m_text->setText(
            tr("Not connected. %1 Trying again in %2.").arg(m_session.trouble(), format::duration(link.retryIn)));
        break;
    case Phase::Connecting:
        m_text->setText(tr("Not connected. %1 Trying…").arg(m_session.trouble()));
        break;
    case Phase::Refused:
        m_text->setText(tr("Not let in. %1").arg(m_session.trouble()));
        break;
    default:
        break;
    }
}

void Banner::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::ApplicationPaletteChange)
        dress();
}

void Banner::dress()
{
    QPalette colors = palette();
    colors.setColor(QPalette::Window, theme::toneBackground(Tone::Warning, colors));
    setPalette(colors);
}

} // namespace Quern::console
