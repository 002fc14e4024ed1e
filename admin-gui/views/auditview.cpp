#include "admin-gui/views/auditview.h"

#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace Quern::console {

AuditView::AuditView(const ViewContext &context)
    : ListView(context, QStringLiteral("audit"), tr("Audit"))
    , m_panel(new RecordPanel(&m_model, QStringLiteral("audit")))
    , m_note(new QLabel)
    , m_older(new QAction(tr("Older"), this))
{
    m_note->setObjectName(QStringLiteral("audit.note"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    auto *older = new QToolButton;
    older->setObjectName(QStringLiteral("audit.older"));
    older->setDefaultAction(m_older);
    older->setFocusPolicy(Qt::TabFocus);
    m_panel->bar()->addWidget(m_note);
    m_panel->bar()->addWidget(older);
    RecordTable *table = m_panel->table();
    table->addAction(m_older);
    table->setDefaultWidths({17, 28, 10, 18, 36, 10, 16});
    table->setDefaultSort(AuditModel::Time, Qt::DescendingOrder);
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_panel);
    m_poll.setInterval(Interval);
    connect(m_older, &QAction::triggered, this, &AuditView::readOlder);
    connect(&m_poll, &QTimer::timeout, this, &AuditView::readNewest);
    connect(&context.actions, &ActionRunner::activityChanged, this, [this](const Activity &activity) {
        if (isActive() && !isPaused() && activity.state != Activity::State::Running)
            readNewest();
    });
    updateActions();
}

bool AuditView::mayRead() const
{
    return session().may(admin::Methods::auditRead);
}

void AuditView::refresh()
{
    readNewest();
}

void AuditView::setActive(bool isActive)
{
    View::setActive(isActive);
    setPaused(isPaused());
}

void AuditView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    if (isActive() && !isPaused) {
        m_poll.start();
        refresh();
    } else {
        m_poll.stop();
    }
}

void AuditView::readNewest()
{
    read(0, [this](const admin::AuditPage &page) { m_model.putNewest(page); });
}

void AuditView::readOlder()
{
    read(m_model.olderThan(), [this](const admin::AuditPage &page) { m_model.putOlder(page); });
}

void AuditView::read(qint64 before, const std::function<void(const admin::AuditPage &page)> &take)
{
    if (!mayRead() || m_isReading)
        return;
    m_isReading = true;
    admin::AuditQuery query;
    query.before = before;
    session().ask<admin::AuditPage>(admin::Methods::auditRead, query.toJson(), this,
                                    [this, take](const Result<admin::AuditPage> &page) {
                                        m_isReading = false;
                                        if (page)
                                            take(*page);
                                        m_note->setText(page ? QString() : page.error().message());
                                        updateActions();
                                    });
}

void AuditView::updateActions()
{
    const LinkState &state = session().state();
    const bool hasOlder = m_model.olderThan() > 0;
    m_older->setEnabled(hasOlder && mayRead());
    m_older->setToolTip(hasOlder ? tr("Reads the entries before these") : tr("These are all"));
    m_panel->updateActions();
    RecordTable *table = m_panel->table();
    if (!state.isUp()) {
        table->setEmptyText(tr("Once the server is connected, this says who has changed what."));
    } else if (!mayRead()) {
        m_model.forget();
        table->setEmptyText(tr("The audit log is for the role %1 and above; the server knows you as %2.")
                                .arg(admin::roleName(admin::Role::Operator), admin::roleName(state.role)));
    } else {
        table->setEmptyText(tr("Nobody has changed anything yet. A reload, a closed connection, a cron job that is "
                               "run by hand: each stands here, with who did it and what came of it."));
    }
}

} // namespace Quern::console
