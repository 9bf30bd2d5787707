/**
 * The image that containers are made of here, `localhost/bb`: busybox, setcap(8), their libraries, and
 * under /data something of each kind that a change can happen to, with scripts that make and list such
 * changes. Nothing is fetched for it.
 */
import type { Machine, User } from "./machine.js";

/** What has to be installed for it. */
export const IMAGE_COMMANDS: readonly string[] = ["busybox", "setcap", "setfattr", "tar"];

const TREE = `set -e
rm -rf /tmp/bb && mkdir -p /tmp/bb/bin /tmp/bb/etc /tmp/bb/tmp /tmp/bb/root /tmp/bb/data && cd /tmp/bb
for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "bin/$name"; done
for program in "$(command -v busybox)" "$(command -v setcap)" "$(command -v getcap)"; do
  cp "$program" bin/
  { ldd "$program" 2>/dev/null || true; } | sed -n 's,.* \\(/[^ ]*\\) (.*,\\1,p; s,^[[:space:]]*\\(/[^ ]*\\) (.*,\\1,p' | while read -r library; do
    mkdir -p ".$(dirname "$library")" && cp -L "$library" ".$library"
  done
done
echo 'root:x:0:0::/root:/bin/sh' > etc/passwd
echo 'root:x:0:' > etc/group
chmod 1777 tmp
cd data
for name in plain written owned gone renamed replaced-by-directory; do echo "$name" > $name; done
for name in emptied made-again replaced-by-file renamed-directory kept; do mkdir $name; echo 1 > $name/f1; echo 2 > $name/f2; done
echo linked > link-1 && ln link-1 link-2
ln -s plain symlink && mkfifo fifo
cp /bin/true setuid && chmod 4755 setuid
echo capable > capable && setcap cap_net_raw+ep capable
echo attributes > attributes && setfattr -n user.note -v kept attributes
mkdir sticky group && chmod 1777 sticky && chmod 2775 group && chown 0:50 group
chown -R 10:20 owned kept
cd .. && find . -exec touch -h -d '2020-02-02 02:02:02.123456789 UTC' {} +
tar --format=pax --xattrs --xattrs-include='*' --numeric-owner -cf /tmp/bb.tar . && chmod 644 /tmp/bb.tar && rm -rf /tmp/bb`;

/** Makes it for these users. */
export function makeImage(machine: Machine, users: readonly User[]): void {
  machine.sh("root", TREE);
  for (const user of users) machine.sh(user, "podman import -q /tmp/bb.tar localhost/bb");
}

/** Something of each kind of change. */
export const CHANGES = `set -e
echo new > /new && ln /new /new-link && mkdir -p /made/deep && ln -s ../f /made/deep/s && mkfifo /made/fifo && mkdir -m 1777 /made/sticky
cd /data
echo more >> written && chmod 600 plain && chown 12:34 owned && rm gone
rm -r emptied made-again replaced-by-file && mkdir made-again && echo 3 > made-again/f3 && echo file > replaced-by-file
rm replaced-by-directory && mkdir replaced-by-directory
mv renamed moved && mv renamed-directory moved-directory && rm kept/f1
echo more >> link-1 && chmod 700 group && touch -d "2001-01-01 00:00:00" attributes
mv capable made/ && setcap cap_chown+ep written && chmod 711 setuid && chmod 4711 setuid && chown -h 3:4 symlink`;

/** All there is, without the link count of directories and what the runtime makes. */
export const LIST = `find / -xdev -not -path '/bin/*' | sort | xargs stat -c '%A %u:%g %h %n' | sed 's/^\\(d[^ ]* [^ ]*\\) [0-9]*/\\1 -/'
cat /data/link-1 /data/written /data/made-again/*; getcap -r / 2>/dev/null`;
