#include "admin-gui/widgets/recordpanel.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/copying.h"
#include "admin-gui/widgets/recordtable.h"

#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>
#include <QVBoxLayout>

namespace Quern::console {

RecordPanel::RecordPanel(IndexedModel *model, const QString &settingsKey, QWidget *parent)
    : QWidget(parent)
    , m_model(model)
    , m_table(new RecordTable(model, settingsKey))
    , m_filter(new QLineEdit)
    , m_count(new QLabel)
    , m_bar(new QHBoxLayout)
{
    m_filter->setObjectName(settingsKey + QStringLiteral(".filter"));
    m_filter->setPlaceholderText(tr("Filter ( / )"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMaximumWidth(320);
    m_count->setObjectName(settingsKey + QStringLiteral(".count"));
    m_count->setForegroundRole(QPalette::PlaceholderText);
    m_bar->addWidget(m_filter, 2);
    m_bar->addWidget(m_count);
    m_bar->addStretch(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(m_bar);
    layout->addWidget(m_table, 1);
    connect(m_filter, &QLineEdit::textChanged, model, &IndexedModel::setFilter);
    connect(m_filter, &QLineEdit::returnPressed, m_table, qOverload<>(&QWidget::setFocus));
    connect(model, &IndexedModel::countsChanged, this, &RecordPanel::updateCount);
    connect(m_table, &RecordTable::selectionMoved, this, &RecordPanel::updateActions);
    updateCount();
}

QAction *RecordPanel::addAction(const QString &text, Needs needs, const std::function<bool()> &isAllowed,
                                const std::function<void()> &act, const std::function<bool()> &fits)
{
    auto *action = new QAction(text, this);
    connect(action, &QAction::triggered, this, act);
    m_table->addAction(action);
    auto *button = new QToolButton;
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setFocusPolicy(Qt::TabFocus);
    m_bar->addWidget(button);
    m_entries.push_back({action, needs, isAllowed, fits});
    updateActions();
    return action;
}

void RecordPanel::updateActions()
{
    const qsizetype count = copying::selectedRows(*m_table->selectionModel()).size();
    for (const Entry &entry : m_entries) {
        const bool isEnough = entry.needs == Needs::Nothing || (entry.needs == Needs::One ? count == 1 : count > 0);
        const bool isAllowed = entry.isAllowed();
        entry.action->setEnabled(isEnough && isAllowed && (!entry.fits || entry.fits()));
        entry.action->setToolTip(!isAllowed  ? tr("Your role may not, or the server is not connected.")
                                 : !isEnough ? tr("Select a row first.")
                                             : QString());
    }
}

void RecordPanel::releaseFilter()
{
    disconnect(m_filter, &QLineEdit::textChanged, m_model, nullptr);
}

QString RecordPanel::filterText() const
{
    return m_filter->text();
}

void RecordPanel::setFilterText(const QString &text)
{
    m_filter->setText(text);
}

void RecordPanel::updateCount()
{
    const qsizetype shown = m_model->rowCount();
    const qsizetype total = m_model->totalCount();
    m_count->setText(shown == total ? format::count(total)
                                    : tr("%1 of %2").arg(format::count(shown), format::count(total)));
    updateActions();
}

} // namespace Quern::console
