#pragma once

#include "admin-gui/models/processmodel.h"
#include "admin-gui/views/view.h"

class QAction;
class QSplitter;
class QTreeView;

namespace Quern::console {

class ProcessDetail;

/// The processes as a tree, and beside it the one that is selected.
class ProcessView final : public View
{
    Q_OBJECT
public:
    explicit ProcessView(const ViewContext &context);
    ~ProcessView() override;

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    QLineEdit *filterField() const override { return m_filter; }
    /// "process", "filter"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;
    void updateActions() override;

private:
    void makeTree();
    QAction *makeAction(const QString &text, const QString &icon);
    void showStatus();
    void selectionMoved();
    QList<admin::WorkerStatus> selected() const;
    void copy() const;

    ProcessModel m_model;
    QLineEdit *m_filter;
    QTreeView *m_tree;
    ProcessDetail *m_detail;
    QSplitter *m_splitter;
    QAction *m_recycle;
    QAction *m_kill;
    QAction *m_showLog;
};

} // namespace Quern::console
