#include "admin-gui/dialogs/atomicdialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/tableactions.h"
#include "admin-gui/models/format.h"
#include "admin-gui/widgets/commandlabel.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>

namespace Quern::console {

AtomicDialog::AtomicDialog(const admin::AtomicValue &atomic, ActionRunner &actions, const std::function<void()> &done,
                           QWidget *parent)
    : QDialog(parent)
    , m_name(atomic.name)
    , m_actions(actions)
    , m_done(done)
    , m_value(new QLineEdit(QString::number(atomic.value.value)))
    , m_command(new CommandLabel)
{
    setObjectName(QStringLiteral("atomic"));
    setWindowTitle(tr("Set the atomic %1").arg(m_name));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    m_value->setObjectName(QStringLiteral("atomic.value"));
    m_value->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("-?[0-9]{1,19}")), this));
    auto *note = new QLabel(tr("All processes of the server read this value from then on. What they add meanwhile is "
                               "overwritten. Now it is %1.")
                                .arg(format::count(atomic.value.value)));
    note->setWordWrap(true);
    note->setMinimumWidth(380);
    auto *buttons = new QDialogButtonBox;
    m_apply = buttons->addButton(tr("Set"), QDialogButtonBox::AcceptRole);
    m_apply->setObjectName(QStringLiteral("atomic.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QFormLayout(this);
    layout->addRow(tr("&Value"), m_value);
    layout->addRow(note);
    layout->addRow(m_command);
    layout->addRow(buttons);
    connect(m_value, &QLineEdit::textChanged, this, &AtomicDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &AtomicDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    check();
    m_value->setFocus();
    m_value->selectAll();
}

std::optional<qint64> AtomicDialog::value() const
{
    const auto number = admin::WideInteger::fromJson(QJsonValue(m_value->text()));
    return m_value->hasAcceptableInput() && number ? std::optional(number->value) : std::nullopt;
}

void AtomicDialog::check()
{
    const std::optional<qint64> wanted = value();
    m_apply->setEnabled(wanted.has_value());
    if (wanted)
        m_command->setCommand(m_actions.commandLine(tableactions::setAtomic(m_name, *wanted)));
}

void AtomicDialog::apply()
{
    if (const std::optional<qint64> wanted = value()) {
        m_actions.run(tableactions::setAtomic(m_name, *wanted), [done = m_done](const auto &) { done(); });
        accept();
    }
}

void AtomicDialog::ask(const admin::AtomicValue &atomic, ActionRunner &actions, const std::function<void()> &done,
                       QWidget *parent)
{
    (new AtomicDialog(atomic, actions, done, parent))->open();
}

} // namespace Quern::console
