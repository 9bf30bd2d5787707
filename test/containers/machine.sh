#!/usr/bin/env bash
# The first process of a machine of its own: mount and pid namespaces in which podman finds what it finds on an
# ordinary Debian machine with a user `alice`, whatever it is that this one lacks. Nothing of it is seen outside, and
# when its standard input ends, it is gone with all processes in it.
#
#   machine.sh PLACE CHECKOUT PROGRAM MOUNT_PROGRAM memory|disk
#
# PLACE is an empty directory for all that is stored, in memory if that is said and a tmpfs can do it. PROGRAM, a path in CHECKOUT, becomes /usr/local/bin/ovlfs.
# MOUNT_PROGRAM is what containers-storage mounts with; empty for the kernel's overlay.
set -euo pipefail
place="$1" checkout="$2" program="$3" mount_program="$4" medium="$5"
resolver="$(cat /etc/resolv.conf 2>/dev/null || true)"

# A file here is seen from outside; what is mounted on it is not.
ready="$place/ready"
place="$place/disk"
mkdir "$place"
if [ "$medium" = memory ]; then
  mount -t tmpfs -o mode=755 none "$place"
  setfattr -n user.attribute -v kept "$place" 2>/dev/null || umount "$place"
fi

mkdir -p "$place"/{dev,containers,home/alice,tmp,var-tmp}
chmod 1777 "$place"/tmp "$place"/var-tmp

# The mounts of others end when they say so, which a copy in here would keep from happening.
while read -r _ point type _; do
  case "$type" in fuse*|overlay) [ "$point" = / ] || umount -l "$(printf '%b' "$point")" ;; esac
done <<<"$(tac /proc/self/mounts)"

# Directories that are written to in the machine only.
mount -t tmpfs -o mode=755 none /run
for directory in /etc /usr/local /var/lib; do
  changes="/run/changes$directory"
  mkdir -p "$changes"/{upper,work}
  mount -t overlay none -o "lowerdir=$directory,upperdir=$changes/upper,workdir=$changes/work" "$directory"
done
rm -f /etc/resolv.conf
printf '%s\n' "$resolver" >/etc/resolv.conf

# Devices that all may use, as udev sets them up.
dev="$place/dev"
mount -t tmpfs -o mode=755 none "$dev"
cp -a /dev/{null,zero,full,random,urandom,tty} "$dev"
mknod "$dev"/fuse c 10 229
mkdir "$dev"/{net,pts,shm}
mknod "$dev"/net/tun c 10 200
chmod 666 "$dev"/{null,zero,full,random,urandom,tty,fuse,net/tun}
ln -s /proc/self/fd "$dev"/fd
ln -s /proc/self/fd/0 "$dev"/stdin
ln -s /proc/self/fd/1 "$dev"/stdout
ln -s /proc/self/fd/2 "$dev"/stderr
mount -t devpts -o newinstance,ptmxmode=666,mode=620 none "$dev"/pts
ln -s pts/ptmx "$dev"/ptmx
mount -t tmpfs none "$dev"/shm
chmod 1777 "$dev"/shm
mount --move "$dev" /dev

# crun takes the two hierarchies of cgroups side by side for one that it could use.
umount /sys/fs/cgroup/unified 2>/dev/null || true

# A user with ranges of ids, logged in.
echo 'alice:x:1500:1500::/home/alice:/bin/sh' >>/etc/passwd
echo 'alice:x:1500:' >>/etc/group
echo 'alice:200000:65536' | tee /etc/subuid >/etc/subgid
mkdir -p /run/user/1500 /run/lock
chown alice:alice /run/user/1500
chmod 700 /run/user/1500

mkdir -p /run/ovlfs /var/lib/containers
mount --bind "$checkout" /run/ovlfs
ln -sfn "/run/ovlfs/$program" /usr/local/bin/ovlfs

# Where no cgroup can be made and no bridge, containers run without. None of it concerns the file system.
mkdir -p /etc/containers
cat >/etc/containers/containers.conf <<'CONF'
[containers]
cgroups = "disabled"
cgroupns = "host"
default_ulimits = []
netns = "host"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
CONF
# A user has a file of its own for storage; the directories are for root only.
storage() {
  printf '[storage]\ndriver = "overlay"\n'
  [ $# -eq 0 ] || printf '%s = "%s"\n' "$@"
  [ -z "$mount_program" ] || printf '\n[storage.options.overlay]\nmount_program = "%s"\n' "$mount_program"
}
mkdir -p "$place"/home/alice/.config/containers
storage runroot /run/containers/storage graphroot /var/lib/containers/storage >/etc/containers/storage.conf
storage >"$place"/home/alice/.config/containers/storage.conf

mount --bind "$place"/containers /var/lib/containers
chown -R alice:alice "$place"/home/alice
mount --bind "$place"/home /home
mount --bind "$place"/var-tmp /var/tmp
touch "$ready"
mount --bind "$place"/tmp /tmp

# Waits for the end of its input; meanwhile the shell collects what others left to it.
read -r _ || true
