/* Preloaded into quern by tests: a file system without locks. */
#include <errno.h>

int flock(int fd, int operation)
{
    (void)fd;
    (void)operation;
    errno = ENOLCK;
    return -1;
}
