#include "admin-gui/dialogs/deadletterdialog.h"

#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/taskactions.h"
#include "admin-gui/models/format.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QPushButton>

namespace Quern::console {

QString DeadLetterDialog::Counts::text(const QString &name) const
{
    if (name.isEmpty())
        return format::count(all);
    const QString count = format::count(known.value(name));
    return isComplete ? count : tr("at least %1").arg(count);
}

DeadLetterDialog::DeadLetterDialog(What what, const Counts &counts, ActionRunner &actions,
                                   const std::function<void()> &done, QWidget *parent)
    : QDialog(parent)
    , m_what(what)
    , m_counts(counts)
    , m_actions(actions)
    , m_done(done)
    , m_scope(new QComboBox)
{
    setObjectName(QStringLiteral("deadLetters"));
    setWindowTitle(what == What::Retry ? tr("Retry dead letters") : tr("Drop dead letters"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    m_scope->setObjectName(QStringLiteral("deadLetters.scope"));
    m_scope->setAccessibleName(tr("Which"));
    m_scope->addItem(tr("all: %1").arg(counts.text({})), QString());
    for (auto it = counts.known.begin(); it != counts.known.end(); ++it)
        m_scope->addItem(tr("“%1”: %2").arg(format::oneLine(it.key(), 60), counts.text(it.key())), it.key());
    auto *buttons = new QDialogButtonBox;
    QPushButton *apply =
        buttons->addButton(what == What::Retry ? tr("Retry") : tr("Drop…"), QDialogButtonBox::AcceptRole);
    apply->setObjectName(QStringLiteral("deadLetters.apply"));
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QFormLayout(this);
    layout->addRow(tr("&Which"), m_scope);
    layout->addRow(buttons);
    m_scope->setMinimumWidth(320);
    connect(buttons, &QDialogButtonBox::accepted, this, &DeadLetterDialog::apply);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void DeadLetterDialog::apply()
{
    const QString name = m_scope->currentData().toString();
    accept();
    m_actions.run(m_what == What::Retry ? taskactions::retryAll(name) : taskactions::dropAll(name, m_counts.text(name)),
                  [done = m_done](const auto &) { done(); });
}

void DeadLetterDialog::ask(What what, const Counts &counts, ActionRunner &actions, const std::function<void()> &done,
                           QWidget *parent)
{
    (new DeadLetterDialog(what, counts, actions, done, parent))->open();
}

} // namespace Quern::console
