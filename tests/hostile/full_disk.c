/* Preloaded into a program and all it starts: from the call number FAULT_AT on, calls that need
   room on a disk fail with FAULT_ERRNO. FAULT_COUNT is a file of eight bytes, the calls so far of
   all processes. FAULT_BELOW: only files below this folder count.
   cc -shared -fPIC -O1 -o full_disk.so full_disk.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned long *calls, at;
static int error;
static char below[4096];
static size_t length;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("FAULT_COUNT"), *number = getenv("FAULT_AT");
    const char *which = getenv("FAULT_ERRNO"), *top = getenv("FAULT_BELOW");
    if (!name || !number || !which || !top) return;
    int handle = open(name, O_RDWR | O_CLOEXEC);
    if (handle < 0) return;
    void *seen = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    if (seen == MAP_FAILED) return;
    at = strtoul(number, NULL, 10);
    error = atoi(which);
    length = strlen(top);
    if (length >= sizeof below) return;
    strcpy(below, top);
    calls = seen;
}

static int fails(void) {
    if (!calls) return 0;
    if (__atomic_add_fetch(calls, 1, __ATOMIC_SEQ_CST) < at) return 0;
    errno = error;
    return 1;
}

static int counts(int handle) {
    struct stat about;
    char name[32], path[4096];
    if (!calls || fstat(handle, &about) || !S_ISREG(about.st_mode)) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(name, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return !strncmp(path, below, length);
}

#define REAL(result, name, types) \
    static result(*real) types; \
    if (!real) real = (result(*) types)dlsym(RTLD_NEXT, #name)

ssize_t write(int f, const void *b, size_t n) {
    REAL(ssize_t, write, (int, const void *, size_t));
    return counts(f) && fails() ? -1 : real(f, b, n);
}
ssize_t pwrite(int f, const void *b, size_t n, off_t o) {
    REAL(ssize_t, pwrite, (int, const void *, size_t, off_t));
    return counts(f) && fails() ? -1 : real(f, b, n, o);
}
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) {
    REAL(ssize_t, pwrite64, (int, const void *, size_t, off64_t));
    return counts(f) && fails() ? -1 : real(f, b, n, o);
}
ssize_t writev(int f, const struct iovec *v, int n) {
    REAL(ssize_t, writev, (int, const struct iovec *, int));
    return counts(f) && fails() ? -1 : real(f, v, n);
}
int fsync(int f) {
    REAL(int, fsync, (int));
    return counts(f) && fails() ? -1 : real(f);
}
int mkdir(const char *p, mode_t m) {
    REAL(int, mkdir, (const char *, mode_t));
    return fails() ? -1 : real(p, m);
}
int mkdirat(int d, const char *p, mode_t m) {
    REAL(int, mkdirat, (int, const char *, mode_t));
    return fails() ? -1 : real(d, p, m);
}
int symlink(const char *t, const char *p) {
    REAL(int, symlink, (const char *, const char *));
    return fails() ? -1 : real(t, p);
}
int link(const char *t, const char *p) {
    REAL(int, link, (const char *, const char *));
    return fails() ? -1 : real(t, p);
}
int rename(const char *a, const char *b) {
    REAL(int, rename, (const char *, const char *));
    return fails() ? -1 : real(a, b);
}
int renameat(int c, const char *a, int d, const char *b) {
    REAL(int, renameat, (int, const char *, int, const char *));
    return fails() ? -1 : real(c, a, d, b);
}

/* Opening makes a file only with O_CREAT, and only then there is a mode. */
#define OPENS(name, before, given) \
    int name before { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
            if (flags & O_CREAT && fails()) return -1; \
        } \
        return given; \
    }
static int real_open(const char *p, int flags, mode_t mode) {
    REAL(int, open, (const char *, int, ...));
    return real(p, flags, mode);
}
static int real_openat(int d, const char *p, int flags, mode_t mode) {
    REAL(int, openat, (int, const char *, int, ...));
    return real(d, p, flags, mode);
}
OPENS(open, (const char *p, int flags, ...), real_open(p, flags, mode))
OPENS(open64, (const char *p, int flags, ...), real_open(p, flags | O_LARGEFILE, mode))
OPENS(openat, (int d, const char *p, int flags, ...), real_openat(d, p, flags, mode))
OPENS(openat64, (int d, const char *p, int flags, ...), real_openat(d, p, flags | O_LARGEFILE, mode))
