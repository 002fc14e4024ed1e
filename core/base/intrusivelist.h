#pragma once

#include <QtGlobal>

namespace Quern::base {

/// The place in a list that an object carries in itself; \a Tag tells several lists of one object apart.
template <typename Tag>
class ListNode
{
public:
    ListNode() = default;
    ~ListNode() { unlink(); }
    Q_DISABLE_COPY_MOVE(ListNode)

    bool isLinked() const { return m_next != nullptr; }
    void unlink()
    {
        if (!m_next)
            return;
        m_previous->m_next = m_next;
        m_next->m_previous = m_previous;
        m_next = m_previous = nullptr;
    }

private:
    template <typename, typename>
    friend class IntrusiveList;

    void linkBefore(ListNode *place)
    {
        m_previous = place->m_previous;
        m_next = place;
        m_previous->m_next = this;
        place->m_previous = this;
    }

    ListNode *m_previous = nullptr;
    ListNode *m_next = nullptr;
};

/// A list of objects that derive from ListNode<Tag>: no allocation, removal in O(1). It owns nothing; an object leaves
/// it at the end of its life. Lives in one thread.
template <typename T, typename Tag>
class IntrusiveList
{
public:
    using Node = ListNode<Tag>;

    IntrusiveList() { m_end.m_next = m_end.m_previous = &m_end; }
    ~IntrusiveList()
    {
        while (!isEmpty())
            m_end.m_next->unlink();
        m_end.m_next = m_end.m_previous = nullptr;
    }
    Q_DISABLE_COPY_MOVE(IntrusiveList)

    bool isEmpty() const { return m_end.m_next == &m_end; }
    T *first() const { return isEmpty() ? nullptr : object(m_end.m_next); }
    T *last() const { return isEmpty() ? nullptr : object(m_end.m_previous); }
    /// The object after \a item, or nullptr.
    T *next(const T *item) const
    {
        Node *node = static_cast<const Node *>(item)->m_next;
        return node == &m_end ? nullptr : object(node);
    }
    /// The object before \a item, or nullptr.
    T *previous(const T *item) const
    {
        Node *node = static_cast<const Node *>(item)->m_previous;
        return node == &m_end ? nullptr : object(node);
    }

    /// Both take \a item out of the list of the same tag that it is in.
    void append(T *item)
    {
        Node *node = item;
        node->unlink();
        node->linkBefore(&m_end);
    }
    void prepend(T *item)
    {
        Node *node = item;
        node->unlink();
        node->linkBefore(m_end.m_next);
    }

private:
    static T *object(Node *node) { return static_cast<T *>(node); }

    mutable Node m_end;
};

} // namespace Quern::base
