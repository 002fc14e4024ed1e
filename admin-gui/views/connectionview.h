#pragma once

#include "admin-gui/models/connectionmodel.h"
#include "admin-gui/views/listview.h"

#include <QTimer>

class QLabel;

namespace Quern::console {

class ListenerPanel;
class RecordPanel;

/// The live WebSockets and streams, below what the server listens on. They are read by page, over and over, one request
/// at a time and none while nobody looks: a server with a hundred thousand of them is not kept busy by its console.
class ConnectionView final : public ListView
{
    Q_OBJECT
public:
    /// Between two pages.
    static constexpr std::chrono::milliseconds PagePause{40};
    /// From the last page to the first of the next sweep.
    static constexpr std::chrono::milliseconds SweepPause{2000};
    static constexpr std::chrono::milliseconds ListenerInterval{2000};

    explicit ConnectionView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    /// "connection", "filter"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    void beginSweep();
    void stopSweep();
    void readPage();
    void takePage(const Result<ConnectionBatch> &batch);
    void endSweep();
    void readListeners();
    void showState();
    void selectWanted();
    QList<Connection> selected() const;

    ConnectionModel m_model;
    ListenerPanel *m_listeners;
    RecordPanel *m_panel;
    QLabel *m_note;
    QTimer m_next; ///< until the next page, or sweep
    QTimer m_nextListeners;
    int m_sweep = 0; ///< the one that answers may belong to
    bool m_isSweeping = false;
    bool m_isUnderWay = false; ///< a request for a page
    QDateTime m_sweptAt;       ///< when all were known last
    QString m_after;           ///< page
    QString m_wanted;          ///< is to be selected when it comes
};

} // namespace Quern::console
