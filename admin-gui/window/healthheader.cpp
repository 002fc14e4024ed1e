#include "admin-gui/window/healthheader.h"

#include "admin-gui/models/format.h"
#include "admin-gui/store/health.h"
#include "admin-gui/widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>

namespace Quern::console {

HealthHeader::HealthHeader(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_dot(new QLabel)
    , m_nameLabel(new QLabel)
    , m_sentence(new QLabel)
    , m_role(new QLabel)
{
    setObjectName(QStringLiteral("health"));
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    m_nameLabel->setFont(bold);
    m_sentence->setObjectName(QStringLiteral("health.sentence"));
    m_sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_sentence->setMinimumWidth(50);
    m_sentence->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_role->setForegroundRole(QPalette::PlaceholderText);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->addWidget(m_dot);
    layout->addWidget(m_nameLabel);
    layout->addSpacing(8);
    layout->addWidget(m_sentence, 1);
    layout->addWidget(m_role);
    connect(&session, &Session::stateChanged, this, &HealthHeader::update);
    connect(&session, &Session::statusChanged, this, &HealthHeader::update);
    update();
}

void HealthHeader::setName(const QString &name)
{
    m_name = name;
    m_nameLabel->setText(name);
}

void HealthHeader::update()
{
    const LinkState &link = m_session.state();
    const Tone tone = healthTone(link, m_session.status().get());
    m_dot->setTextFormat(Qt::RichText);
    m_dot->setText(QStringLiteral("<span style=\"font-size: large; color: %1\">●</span>")
                       .arg(theme::toneColor(tone, palette()).name()));
    const QString sentence = healthSentence(m_session);
    m_sentence->setText(sentence);
    const QString failure = link.isUp() && m_session.status() ? m_session.status()->reloadFailure : QString();
    m_sentence->setToolTip(
        format::tip(failure.isEmpty() ? sentence : sentence + u'\n' + tr("The last reload failed: %1").arg(failure)));
    m_sentence->setAccessibleName(tr("Health: %1").arg(sentence));
    QStringList facts;
    if (link.isUp()) {
        if (m_session.status())
            facts.append(tr("up %1").arg(format::duration(m_session.status()->uptime)));
        if (m_session.status() && m_session.status()->watching)
            facts.append(tr("watches files"));
        switch (link.role) {
        case admin::Role::Viewer:
            facts.append(tr("you are a viewer"));
            break;
        case admin::Role::Operator:
            facts.append(tr("you are an operator"));
            break;
        case admin::Role::Admin:
            facts.append(tr("you are an admin"));
            break;
        }
    }
    m_role->setText(facts.join(QStringLiteral(" · ")));
}

} // namespace Quern::console
