#pragma once

#include "admin-gui/models/deadlettermodel.h"
#include "admin-gui/views/listview.h"

class QLabel;
class QPushButton;
class QSplitter;

namespace Quern::console {

class ChartPanel;
class PayloadPanel;
class RecordPanel;
class RecordTable;
class Tile;

/// Background tasks and events: how many there are and what becomes of them, and those that have failed for good.
class TaskView final : public ListView
{
    Q_OBJECT
public:
    explicit TaskView(const ViewContext &context);
    ~TaskView() override;

    void refresh() override;
    void setPaused(bool isPaused) override;
    /// "filter", "letter": its id
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    /// Dead letters there are and have been: others than before mean other letters.
    struct Deaths
    {
        qint64 present = 0;
        qint64 buried = 0;

        bool operator==(const Deaths &) const = default;
    };

    QWidget *makeTop();
    QWidget *makeLetters();
    void addActions();
    void showStatus();
    void showTiles(const admin::Status &status);
    void showCharts();
    void readLetters();
    void readPage(const QString &before, int pagesLeft);
    void readOlder();
    void showLetters(const QString &older);
    void showSelected();
    void askForAll(bool isDrop);
    std::function<void(const Result<QJsonObject> &)> refreshed();
    static Deaths deathsIn(const admin::Status &status);

    DeadLetterModel m_letters;
    TaskStoreModel m_stores;
    RecordPanel *m_panel;
    RecordTable *m_storeTable;
    PayloadPanel *m_payload;
    QSplitter *m_splitter;
    QPushButton *m_olderButton;
    QLabel *m_failure;
    Tile *m_delivered;
    Tile *m_done;
    Tile *m_failed;
    Tile *m_waiting;
    Tile *m_running;
    Tile *m_dead;
    ChartPanel *m_depthChart;
    ChartPanel *m_rateChart;
    QList<admin::DeadLetter> m_read; ///< of the pages that are being read
    int m_pages = 1;                 ///< that the user wants to see
    int m_round = 0;                 ///< of reading; what an earlier one has asked for comes too late
    bool m_isReading = false;
    Deaths m_known;     ///< when the letters were asked for
    QString m_older;    ///< where the next page begins; empty: there is none
    QString m_wantedId; ///< to be selected once it is there
};

} // namespace Quern::console
