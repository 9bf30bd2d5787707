/*
 * The socket over which fusermount3 hands us the descriptor of /dev/fuse (unix(7), SCM_RIGHTS).
 */
#include "values.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static napi_value call_socketpair(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int sockets[2];
  if (!usable(&call)) return answer(&call, 0);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return answer(&call, -errno);
  /* The second one is for a child. */
  fcntl(sockets[1], F_SETFD, 0);
  napi_value pair = NULL;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, answer(&call, sockets[0]));
  napi_set_element(env, pair, 1, answer(&call, sockets[1]));
  return pair;
}

static int64_t receive(int socket) {
  char byte;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t count;
  do count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -ECONNRESET;
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

static napi_value call_receive_fd(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int socket = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, receive(socket));
}

static napi_value call_set_nonblocking(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  int flags = fcntl(fd, F_GETFL);
  return answer(&call, flags < 0 ? -errno : outcome(fcntl(fd, F_SETFL, flags | O_NONBLOCK)));
}

const struct binding channel_bindings[] = {
    {"setNonblocking", call_set_nonblocking},
    {"socketpair", call_socketpair},
    {"receiveFd", call_receive_fd},
    {NULL, NULL},
};
