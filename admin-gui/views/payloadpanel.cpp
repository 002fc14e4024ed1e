#include "admin-gui/views/payloadpanel.h"

#include "admin-gui/connection/session.h"
#include "admin-gui/models/payloadtext.h"
#include "admin-gui/widgets/theme.h"
#include "admin/protocol/methods.h"

#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace Quern::console {

PayloadPanel::PayloadPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_title(new QLabel)
    , m_error(new QLabel)
    , m_note(new QLabel)
    , m_text(new QPlainTextEdit)
{
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    m_title->setFont(bold);
    m_title->setTextFormat(Qt::PlainText);
    m_error->setObjectName(QStringLiteral("payload.error"));
    m_error->setWordWrap(true);
    m_error->setTextFormat(Qt::PlainText);
    m_error->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->setObjectName(QStringLiteral("payload.note"));
    m_note->setWordWrap(true);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_text->setObjectName(QStringLiteral("payload.text"));
    m_text->setAccessibleName(tr("Payload"));
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 0, 0, 0);
    layout->addWidget(m_title);
    layout->addWidget(m_error);
    layout->addWidget(m_note);
    layout->addWidget(m_text, 1);
    clear();
    // Another start may give the same ids to others.
    connect(&session, &Session::connected, this, [this] {
        m_isThere = false;
        m_id.clear();
    });
}

void PayloadPanel::clear()
{
    m_id.clear();
    m_isThere = false;
    m_title->setText(tr("Payload"));
    m_error->hide();
    show(tr("Select a dead letter to see what it was delivered with."), {});
}

void PayloadPanel::show(const QString &note, const QString &text)
{
    m_note->setText(note);
    m_text->setPlainText(text);
}

void PayloadPanel::setLetter(const admin::DeadLetter &letter)
{
    QPalette colors = m_error->palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(Tone::Bad, palette()));
    m_error->setPalette(colors);
    m_error->setText(letter.error);
    m_error->setVisible(!letter.error.isEmpty());
    if (letter.id == m_id && m_isThere)
        return;
    m_id = letter.id;
    m_isThere = false;
    m_title->setText(tr("%1, id %2").arg(letter.name, letter.id));
    if (!m_session.may(admin::Methods::taskDeadPayload)) {
        show(m_session.state().isUp() ? tr("Your role may not read payloads: that takes the role operator.")
                                      : tr("The server is not connected."),
             {});
        return;
    }
    show(tr("…"), {});
    m_session.ask<admin::DeadLetterPayload>(admin::Methods::taskDeadPayload, admin::DeadLetterReference{m_id}.toJson(),
                                            this, [this, id = m_id](const Result<admin::DeadLetterPayload> &payload) {
                                                if (id != m_id)
                                                    return;
                                                m_isThere = payload.ok();
                                                if (!payload)
                                                    return show(payload.error().message(), {});
                                                const PayloadText shown = PayloadText::of(*payload);
                                                show(shown.summary, shown.text);
                                            });
}

} // namespace Quern::console
