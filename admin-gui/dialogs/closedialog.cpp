#include "admin-gui/dialogs/closedialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/connectionactions.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

namespace Quern::console {

namespace {

constexpr int longestReason = 123; ///< bytes that the frame has room for (RFC 6455 §5.5)

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::CloseCode)
};

/// RFC 6455 §7.4.1 and the IANA registry, in words.
QString meaningOf(int code)
{
    switch (code) {
    case 1000:
        return Text::tr("done");
    case 1001:
        return Text::tr("going away");
    case 1002:
        return Text::tr("protocol error");
    case 1003:
        return Text::tr("unsupported data");
    case 1007:
        return Text::tr("invalid payload");
    case 1008:
        return Text::tr("policy violation");
    case 1009:
        return Text::tr("message too big");
    case 1010:
        return Text::tr("extension missing");
    case 1011:
        return Text::tr("internal error");
    case 1012:
        return Text::tr("service restart");
    case 1013:
        return Text::tr("try again later");
    case 1014:
        return Text::tr("bad gateway");
    default:
        if (!CloseDialog::isCode(code))
            return Text::tr("not a code: 1000–1003, 1007–1014 or 3000–4999");
        return code < 4000 ? Text::tr("of a library") : Text::tr("of the application");
    }
}

} // namespace

CloseDialog::CloseDialog(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent)
    : QDialog(parent)
    , m_connections(connections)
    , m_actions(actions)
    , m_code(new QSpinBox)
    , m_reason(new QLineEdit)
    , m_meaning(new QLabel)
{
    setObjectName(QStringLiteral("close"));
    setWindowTitle(connectionactions::close(connections, {}, {}).title);
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    auto *whose = new QLabel(connectionactions::whose(connections));
    whose->setObjectName(QStringLiteral("close.whose"));
    whose->setTextFormat(Qt::PlainText);
    whose->setWordWrap(true);
    whose->setMinimumWidth(420);
    m_code->setObjectName(QStringLiteral("close.code"));
    m_code->setRange(1000, 4999);
    m_code->setValue(admin::ConnectionClosing().code);
    m_meaning->setObjectName(QStringLiteral("close.meaning"));
    m_meaning->setForegroundRole(QPalette::PlaceholderText);
    m_reason->setObjectName(QStringLiteral("close.reason"));
    m_reason->setPlaceholderText(tr("none"));
    auto *note = new QLabel(tr("Code and reason are told to WebSockets; a stream is closed without a word."));
    note->setForegroundRole(QPalette::PlaceholderText);
    note->setWordWrap(true);
    auto *code = new QHBoxLayout;
    code->addWidget(m_code);
    code->addWidget(m_meaning, 1);
    auto *buttons = new QDialogButtonBox;
    m_apply = buttons->addButton(tr("Close…"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("close.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *form = new QFormLayout;
    form->addRow(tr("&Code"), code);
    static_cast<QLabel *>(form->labelForField(code))->setBuddy(m_code);
    form->addRow(tr("&Reason"), m_reason);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addWidget(whose);
    layout->addLayout(form);
    layout->addWidget(note);
    layout->addWidget(buttons);
    connect(m_code, &QSpinBox::valueChanged, this, &CloseDialog::check);
    connect(m_reason, &QLineEdit::textChanged, this, &CloseDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &CloseDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
    m_reason->setFocus();
}

bool CloseDialog::isCode(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void CloseDialog::check()
{
    const qsizetype excess = m_reason->text().toUtf8().size() - longestReason;
    m_meaning->setText(excess > 0 ? tr("the reason is %n byte(s) too long", nullptr, int(excess))
                                  : meaningOf(m_code->value()));
    m_apply->setEnabled(isCode(m_code->value()) && excess <= 0);
}

void CloseDialog::apply()
{
    const ServerAction action = connectionactions::close(m_connections, m_code->value(), m_reason->text());
    accept();
    m_actions.run(action);
}

void CloseDialog::ask(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent)
{
    (new CloseDialog(connections, actions, parent))->open();
}

} // namespace Quern::console
