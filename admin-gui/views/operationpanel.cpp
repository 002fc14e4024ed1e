#include "admin-gui/views/operationpanel.h"

#include "admin-gui/connection/session.h"
#include "admin-gui/models/format.h"
#include "admin-gui/models/servertext.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

#include <algorithm>
#include <map>
#include <utility>

namespace Quern::console {

namespace {

constexpr qsizetype shownSteps = 4;

struct GenerationCount
{
    int all = 0;
    int ready = 0;
    int draining = 0;
};

/// The workers of each generation.
std::map<int, GenerationCount> countGenerations(const admin::Status &status)
{
    std::map<int, GenerationCount> counts;
    for (const admin::WorkerStatus &worker : status.workers) {
        GenerationCount &count = counts[worker.generation];
        ++count.all;
        count.ready += worker.state == admin::WorkerStatus::State::Ready ? 1 : 0;
        count.draining += worker.state == admin::WorkerStatus::State::Draining ? 1 : 0;
    }
    return counts;
}

} // namespace

OperationPanel::OperationPanel(Session &session, ServerStore &store, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
    , m_store(store)
    , m_title(new QLabel)
    , m_bar(new QProgressBar)
    , m_generations(new QLabel)
    , m_steps(new QLabel)
{
    setObjectName(QStringLiteral("operation"));
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_title->setTextFormat(Qt::RichText);
    m_title->setObjectName(QStringLiteral("operation.title"));
    m_bar->setMaximumWidth(180);
    m_bar->setMaximumHeight(10);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Under way"));
    m_generations->setObjectName(QStringLiteral("operation.generations"));
    m_generations->setForegroundRole(QPalette::PlaceholderText);
    m_steps->setWordWrap(true);
    m_steps->setObjectName(QStringLiteral("operation.steps"));
    m_steps->setTextFormat(Qt::PlainText);
    m_steps->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_steps->setForegroundRole(QPalette::PlaceholderText);
    auto *line = new QHBoxLayout;
    line->addWidget(m_title, 1);
    line->addWidget(m_generations);
    line->addWidget(m_bar);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->addLayout(line);
    layout->addWidget(m_steps);
    connect(&store, &ServerStore::operationsChanged, this, &OperationPanel::update);
    connect(&session, &Session::statusChanged, this, &OperationPanel::update);
    update();
}

void OperationPanel::setPaused(bool isPaused)
{
    m_isPaused = isPaused;
    update();
}

QString OperationPanel::kindText(admin::Operation::Kind kind)
{
    switch (kind) {
    case admin::Operation::Kind::Reload:
        return tr("Reload");
    case admin::Operation::Kind::Stop:
        return tr("Stop");
    case admin::Operation::Kind::Scale:
        return tr("Scale");
    case admin::Operation::Kind::Drain:
        return tr("Drain");
    case admin::Operation::Kind::Restart:
        break;
    }
    return tr("Restart");
}

QString OperationPanel::generationsText(const admin::Status &status)
{
    QStringList texts;
    for (const auto &[generation, count] : countGenerations(status))
        texts.append(count.draining > 0
                         ? tr("generation %1: %2 draining").arg(generation).arg(count.draining)
                         : tr("generation %1: %2 of %3 ready").arg(generation).arg(count.ready).arg(count.all));
    return texts.join(QStringLiteral(", "));
}

/// How far the newest generation is, while something is under way.
void OperationPanel::showGenerations(bool isRunning)
{
    const auto &status = m_session.status();
    m_bar->setVisible(isRunning);
    m_generations->setVisible(isRunning && status);
    if (!isRunning || !status)
        return;
    m_generations->setText(generationsText(*status));
    const std::map<int, GenerationCount> counts = countGenerations(*status);
    // Without a new generation nobody knows how far it is.
    const bool isKnown = !counts.empty() && counts.rbegin()->first > status->generation;
    const GenerationCount newest = isKnown ? counts.rbegin()->second : GenerationCount();
    m_bar->setRange(0, newest.all);
    m_bar->setValue(newest.ready);
}

void OperationPanel::update()
{
    if (m_isPaused)
        return;
    setVisible(!m_store.operations().isEmpty());
    if (m_store.operations().isEmpty())
        return;
    const admin::Operation &operation = m_store.operations().constLast();
    using State = admin::Operation::State;
    const bool isRunning = operation.state == State::Running;
    const Tone tone = isRunning ? Tone::Busy : operation.state == State::Succeeded ? Tone::Good : Tone::Bad;
    QString outcome = tr("under way");
    if (operation.state == State::Succeeded)
        outcome = tr("done");
    else if (operation.state == State::Failed)
        outcome = operation.kind == admin::Operation::Kind::Reload || operation.kind == admin::Operation::Kind::Scale
                      ? tr("failed and rolled back: %1").arg(operation.error)
                      : tr("failed: %1").arg(operation.error);
    const QString at = operation.steps.isEmpty() ? QString() : format::moment(operation.steps.constLast().at);
    m_title->setText(QStringLiteral("<b>%1 %2</b>&nbsp; <span style=\"color: %3\">%4</span>&nbsp; %5")
                         .arg(kindText(operation.kind))
                         .arg(operation.id)
                         .arg(theme::toneColor(tone, palette()).name(), outcome.toHtmlEscaped(), at));
    m_title->setToolTip(format::tip(outcome));
    showGenerations(isRunning);
    QList<admin::OperationStep> shown = operation.steps.last(std::min(operation.steps.size(), shownSteps));
    if (shown.size() < operation.steps.size())
        shown.first() = operation.steps.first(); // what it began with, such as its reason, and the last
    QStringList steps;
    for (const admin::OperationStep &step : std::as_const(shown))
        steps.append(format::moment(step.at) + QStringLiteral("  ") + serverText(step.text));
    m_steps->setText(steps.join(u'\n'));
    m_steps->setVisible(!steps.isEmpty());
}

} // namespace Quern::console
