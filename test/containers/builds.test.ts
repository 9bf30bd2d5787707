/** Images that podman and buildah build with ovlfs as the mount program; as root and as a user. */
import { describe, expect, it } from "vitest";
import { inContainer, quoted } from "./container.js";
import { expectAlike, machinesFor } from "./fixture.js";
import { users, type Machine, type User } from "./machine.js";
import { layersOf } from "./pictures.js";

const machines = machinesFor(["buildah"]);

/** A file of each step: RUN, COPY with owners, of another stage, and a cache that stays from one step to the next. */
const STEPS = `FROM localhost/bb AS first
RUN mkdir -p /made/directory && echo 1 > /made/f1 && chown 7:8 /made/f1 && ln /made/f1 /made/directory/link && setcap cap_chown+ep /data/owned
FROM localhost/bb
RUN --mount=type=cache,target=/cache echo one >> /cache/lines
COPY file /copied/file
COPY --chown=5:6 directory /copied/directory
COPY --from=first /made /data/owned /copied/
RUN --mount=type=cache,target=/cache echo two >> /cache/lines && cp /cache/lines /lines
RUN echo more >> /copied/file && chmod 600 /data/plain && rm /copied/f1 /data/gone && mv /data/renamed-directory /data/moved-directory
`;

/** fuse-overlayfs makes an image of it in which /d has the files of the first step. */
const MADE_AGAIN = `FROM localhost/bb
RUN mkdir /d && for i in 1 2 3; do echo $i > /d/f$i; done
RUN mkdir /many && echo 1 > /many/f1
RUN mv /many /many2
RUN rm -rf /d && mkdir /d
`;

/** Builds it anew as localhost/built. */
function build(machine: Machine, user: User, builder: string, dockerfile: string): void {
  machine.sh(user, `rm -rf context && mkdir -p context/directory && cd context && echo file > file && echo 1 > directory/f1 && ln -s f1 directory/link
    chmod 640 file && touch -d 2001-01-01 file directory/f1 directory && printf %s ${quoted(dockerfile)} > Dockerfile`);
  machine.sh(user, `${builder} --no-cache -t localhost/built context`);
  machine.sh("root", "rm -rf /var/tmp/buildah-cache*");
}

/** All that is in it but busybox's names, and what runs there. */
function tree(machine: Machine, user: User): string[] {
  const list = "find / -xdev -not -path '/bin/*' | sort | xargs stat -c '%A %u:%g %h %n' | sed 's/^\\(d[^ ]* [^ ]*\\) [0-9]*/\\1 -/'";
  return inContainer(machine, user, `${list}; getcap -r / 2>/dev/null | sort; cat /lines`, "", "localhost/built").split("\n");
}

/** The directories in which the runtime mounts: podman tells of them or not, as it finds out what has changed. */
const ofTheImage = (line: string): boolean => !/^d.* (dev|etc|proc|run|sys)\/$/.test(line);

describe.for(users)("as %s, podman", (user) => {
  it("builds the layers that it builds with the kernel's overlay", () => {
    expectAlike(machines, (machine) => {
      build(machine, user, "podman build", STEPS);
      return { layers: layersOf(machine, user, "localhost/built").map((layer) => layer.filter(ofTheImage)), tree: tree(machine, user) };
    });
  });

  it("builds the same in one layer with --squash", () => {
    expectAlike(machines, (machine) => {
      build(machine, user, "podman build --squash", STEPS);
      return { layers: layersOf(machine, user, "localhost/built").map((layer) => layer.filter(ofTheImage)), tree: tree(machine, user) };
    });
  });

  it("builds an image in which a directory is empty that was removed and made again", () => {
    build(machines.tested, user, "podman build", MADE_AGAIN);
    expect(inContainer(machines.tested, user, "ls -A /d; ls /many2; ls -d /many 2>&1 || true", "", "localhost/built")).toBe("f1\nls: /many: No such file or directory\n");
  });

  it("builds on layers each of which changes what those below made", () => {
    const steps = Array.from({ length: 6 }, (_, step) => `RUN mkdir -p /steps/${step} && echo ${step} > /steps/${step}/f && echo ${step} >> /steps/all && rm -rf /steps/${step - 2}\n`);
    build(machines.tested, user, "podman build", `FROM localhost/bb\n${steps.join("")}`);
    const found = inContainer(machines.tested, user, "ls /steps; cat /steps/all /steps/4/f", "", "localhost/built");
    expect(found.trim().split("\n")).toEqual(["4", "5", "all", ...steps.map((_, step) => String(step)), "4"]);
  });
});

describe.for(users)("as %s, buildah", (user) => {
  it("builds the layers that it builds with the kernel's overlay", () => {
    expectAlike(machines, (machine) => {
      build(machine, user, "buildah bud --layers", STEPS);
      return { layers: layersOf(machine, user, "localhost/built").map((layer) => layer.filter(ofTheImage)), tree: tree(machine, user) };
    });
  });

  it("makes an image from scratch and runs in it", () => {
    expectAlike(machines, (machine) => {
      const script = `set -e
        container=$(buildah from scratch) && mounted=$(buildah mount $container)
        mkdir $mounted/bin && cp "$(command -v busybox)" $mounted/bin/sh && echo text > $mounted/file && chown 9:9 $mounted/file && ln $mounted/file $mounted/link
        buildah umount $container >/dev/null
        buildah run $container sh -c 'cat /file; echo made > /made; rm /link'
        buildah config --cmd /bin/sh $container && buildah commit -q $container localhost/made >/dev/null && buildah rm $container >/dev/null`;
      const said = machine.sh(user, user === "root" ? script : `buildah unshare sh -c ${quoted(script)}`);
      return { said, ran: machine.sh(user, "podman run --rm localhost/made sh -c 'read -r text </file; read -r made </made; echo $text $made; echo /*'") };
    });
  });
});
