#include "admin-gui/dialogs/pushdialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/connectionactions.h"
#include "admin-gui/models/textinput.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

namespace Quern::console {

PushDialog::PushDialog(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent)
    : QDialog(parent)
    , m_connections(connections)
    , m_actions(actions)
    , m_text(new QPlainTextEdit)
    , m_problem(new QLabel)
{
    setObjectName(QStringLiteral("push"));
    setWindowTitle(connectionactions::push(connections, {}).title);
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    auto *whose = new QLabel(connectionactions::whose(connections));
    whose->setObjectName(QStringLiteral("push.whose"));
    whose->setTextFormat(Qt::PlainText);
    whose->setWordWrap(true);
    m_text->setObjectName(QStringLiteral("push.text"));
    m_text->setAccessibleName(tr("Message"));
    m_text->setPlaceholderText(tr("The message"));
    m_text->setTabChangesFocus(true);
    m_text->setMinimumSize(420, 120);
    m_problem->setObjectName(QStringLiteral("push.problem"));
    auto *note = new QLabel(tr("A WebSocket gets it as a text message, a stream as its bytes in UTF-8, with nothing "
                               "added: where a line has to end, end it here."));
    note->setForegroundRole(QPalette::PlaceholderText);
    note->setWordWrap(true);
    auto *buttons = new QDialogButtonBox;
    m_apply = buttons->addButton(tr("Push"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("push.apply"));
    m_apply->setToolTip(tr("Ctrl+Enter"));
    m_apply->setEnabled(false);
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addWidget(whose);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_problem);
    layout->addWidget(note);
    layout->addWidget(buttons);
    connect(m_text, &QPlainTextEdit::textChanged, this, [this] {
        const qsizetype length = m_text->toPlainText().size();
        m_problem->setText(excessText(length));
        m_apply->setEnabled(length > 0 && m_problem->text().isEmpty());
    });
    for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter})
        connect(new QShortcut(Qt::CTRL | key, this), &QShortcut::activated, m_apply, &QPushButton::click);
    connect(buttons, &QDialogButtonBox::accepted, this, &PushDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    m_text->setFocus();
}

void PushDialog::apply()
{
    m_actions.run(connectionactions::push(m_connections, m_text->toPlainText()));
    accept();
}

void PushDialog::ask(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent)
{
    (new PushDialog(connections, actions, parent))->open();
}

} // namespace Quern::console
