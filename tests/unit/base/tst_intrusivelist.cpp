#include "base/intrusivelist.h"

#include <QList>
#include <QTest>

#include <memory>
#include <optional>

using namespace Quern;

namespace {

struct ByAge;
struct ByName;

/// The nodes are not the first base, so that a wrong cast from node to object would show.
struct Item : QString, base::ListNode<ByAge>, base::ListNode<ByName>
{
    explicit Item(int which) : number(which) {}
    int number;
};
using AgeNode = base::ListNode<ByAge>;
using AgeList = base::IntrusiveList<Item, ByAge>;
using NameList = base::IntrusiveList<Item, ByName>;

template <typename List>
QList<int> numbers(const List &list)
{
    QList<int> result;
    for (const Item *item = list.first(); item; item = list.next(item))
        result.append(item->number);
    return result;
}

template <typename List>
QList<int> numbersFromTheEnd(const List &list)
{
    QList<int> result;
    for (const Item *item = list.last(); item; item = list.previous(item))
        result.append(item->number);
    return result;
}

} // namespace

class TestIntrusiveList : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void empty();
    void orderOfBothEnds();
    void appendMovesWithinTheList();
    void appendMovesBetweenLists();
    void unlink_data();
    void unlink();
    void unlinkTwice();
    void tagsAreIndependent();
    void objectLeavesAtTheEndOfItsLife();
    void objectsOutliveTheList();
    void removalWhileWalking();
};

void TestIntrusiveList::empty()
{
    const AgeList list;
    QVERIFY(list.isEmpty());
    QVERIFY(!list.first());
    QVERIFY(!list.last());
}

void TestIntrusiveList::orderOfBothEnds()
{
    Item one(1), two(2), three(3);
    AgeList list;
    list.append(&two);
    list.append(&three);
    list.prepend(&one);
    QVERIFY(!list.isEmpty());
    QCOMPARE(numbers(list), QList<int>({1, 2, 3}));
    QCOMPARE(numbersFromTheEnd(list), QList<int>({3, 2, 1}));
    QCOMPARE(list.first(), &one);
    QCOMPARE(list.last(), &three);
    QVERIFY(!list.next(&three));
    QVERIFY(!list.previous(&one));
}

void TestIntrusiveList::appendMovesWithinTheList()
{
    Item one(1), two(2), three(3);
    AgeList list;
    for (Item *item : {&one, &two, &three})
        list.append(item);
    list.append(&one);
    QCOMPARE(numbers(list), QList<int>({2, 3, 1}));
    list.append(&one);
    QCOMPARE(numbers(list), QList<int>({2, 3, 1}));
    list.prepend(&three);
    QCOMPARE(numbers(list), QList<int>({3, 2, 1}));
    list.prepend(&three);
    QCOMPARE(numbersFromTheEnd(list), QList<int>({1, 2, 3}));
}

void TestIntrusiveList::appendMovesBetweenLists()
{
    Item one(1), two(2);
    AgeList left, right;
    left.append(&one);
    left.append(&two);
    right.append(&one);
    QCOMPARE(numbers(left), QList<int>({2}));
    QCOMPARE(numbers(right), QList<int>({1}));
    left.prepend(&one);
    QCOMPARE(numbers(left), QList<int>({1, 2}));
    QVERIFY(right.isEmpty());
}

void TestIntrusiveList::unlink_data()
{
    QTest::addColumn<int>("place");
    QTest::addColumn<QList<int>>("rest");
    QTest::newRow("first") << 0 << QList<int>({2, 3});
    QTest::newRow("middle") << 1 << QList<int>({1, 3});
    QTest::newRow("last") << 2 << QList<int>({1, 2});
}

void TestIntrusiveList::unlink()
{
    QFETCH(const int, place);
    QFETCH(const QList<int>, rest);
    Item one(1), two(2), three(3);
    Item *const items[] = {&one, &two, &three};
    AgeList list;
    for (Item *item : items)
        list.append(item);
    items[place]->AgeNode::unlink();
    QVERIFY(!items[place]->AgeNode::isLinked());
    QCOMPARE(numbers(list), rest);
    list.append(items[place]);
    QVERIFY(items[place]->AgeNode::isLinked());
    QCOMPARE(list.last(), items[place]);
}

void TestIntrusiveList::unlinkTwice()
{
    Item only(1);
    AgeList list;
    list.append(&only);
    only.AgeNode::unlink();
    only.AgeNode::unlink();
    QVERIFY(list.isEmpty());
    QVERIFY(!list.first());
}

void TestIntrusiveList::tagsAreIndependent()
{
    Item one(1), two(2);
    AgeList ages;
    NameList names;
    ages.append(&one);
    ages.append(&two);
    names.append(&two);
    names.append(&one);
    one.AgeNode::unlink();
    QCOMPARE(numbers(ages), QList<int>({2}));
    QCOMPARE(numbers(names), QList<int>({2, 1}));
}

void TestIntrusiveList::objectLeavesAtTheEndOfItsLife()
{
    Item one(1), three(3);
    std::optional<Item> two(2);
    AgeList list;
    list.append(&one);
    list.append(&*two);
    list.append(&three);
    two.reset();
    QCOMPARE(numbers(list), QList<int>({1, 3}));
    QCOMPARE(numbersFromTheEnd(list), QList<int>({3, 1}));
}

void TestIntrusiveList::objectsOutliveTheList()
{
    Item one(1), two(2);
    auto list = std::make_unique<AgeList>();
    list->append(&one);
    list->append(&two);
    list.reset();
    QVERIFY(!one.AgeNode::isLinked());
    QVERIFY(!two.AgeNode::isLinked());
    AgeList other;
    other.append(&two);
    QCOMPARE(numbers(other), QList<int>({2}));
}

void TestIntrusiveList::removalWhileWalking()
{
    std::vector<std::unique_ptr<Item>> items;
    AgeList list;
    for (int i = 0; i < 10; ++i) {
        items.push_back(std::make_unique<Item>(i));
        list.append(items.back().get());
    }
    for (Item *item = list.last(); item;) {
        Item *const before = list.previous(item);
        if (item->number % 2)
            items[size_t(item->number)].reset();
        item = before;
    }
    QCOMPARE(numbers(list), QList<int>({0, 2, 4, 6, 8}));
}

QTEST_APPLESS_MAIN(TestIntrusiveList)
#include "tst_intrusivelist.moc"
