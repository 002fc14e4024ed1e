#include "admin-gui/window/activitybar.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/commandlabel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace Quern::console {

ActivityBar::ActivityBar(ActionRunner &actions, QWidget *parent)
    : QWidget(parent)
    , m_text(new QLabel(tr("What you do here is told in this line.")))
    , m_command(new CommandLabel)
    , m_unfold(new QToolButton)
    , m_table(new RecordTable(&actions.activities(), QStringLiteral("activities")))
{
    setObjectName(QStringLiteral("activity"));
    m_text->setObjectName(QStringLiteral("activity.text"));
    m_text->setForegroundRole(QPalette::PlaceholderText);
    m_text->setTextFormat(Qt::RichText);
    m_text->setMinimumWidth(50);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_unfold->setIcon(theme::icon(QStringLiteral("activity")));
    m_unfold->setAutoRaise(true);
    m_unfold->setCheckable(true);
    m_unfold->setToolTip(tr("All that was done"));
    m_unfold->setAccessibleName(m_unfold->toolTip());
    m_table->setAccessibleName(m_unfold->toolTip());
    m_table->setFixedHeight(150);
    m_table->setEmptyText(tr("Nothing has been done yet."));
    m_table->setDefaultSort(0, Qt::DescendingOrder);
    m_table->setDefaultWidths({16, 24, 50, 40});
    m_table->hide();
    m_command->hide();
    actions.activities().retranslate();
    auto *line = new QHBoxLayout;
    line->addWidget(m_text, 3);
    line->addWidget(m_command, 2);
    line->addWidget(m_unfold);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 4, 12, 4);
    layout->addWidget(m_table);
    layout->addLayout(line);
    connect(m_unfold, &QToolButton::toggled, m_table, &QWidget::setVisible);
    connect(&actions, &ActionRunner::activityChanged, this, &ActivityBar::showActivity);
}

void ActivityBar::setUnfolded(bool isUnfolded)
{
    m_unfold->setChecked(isUnfolded);
}

void ActivityBar::showActivity(const Activity &activity)
{
    Tone tone = Tone::Busy;
    QString outcome = activity.outcome;
    if (activity.state == Activity::State::Running)
        outcome = activity.steps.isEmpty() ? tr("under way…") : activity.steps.constLast();
    else
        tone = activity.state == Activity::State::Done ? Tone::Good : Tone::Bad;
    m_text->setForegroundRole(QPalette::WindowText);
    m_text->setText(QStringLiteral("<b>%1</b>&nbsp; <span style=\"color: %2\">%3</span>")
                        .arg(activity.title.toHtmlEscaped(), theme::toneColor(tone, palette()).name(),
                             format::oneLine(outcome, 300).toHtmlEscaped()));
    m_text->setToolTip(format::tip((activity.steps + QStringList(activity.outcome)).join(u'\n')));
    m_command->setCommand(activity.commandLine);
    m_command->setVisible(!activity.commandLine.isEmpty());
}

} // namespace Quern::console
