/** The help texts. The options of `-o` come from their table, so that none is missing. */
import type { Topic } from "./command-line.js";
import { commands } from "./commands.js";
import { describeMountOptions } from "./mount-options.js";

const overview = (): string => `ovlfs: OverlayFS in userspace

usage: ovlfs mount [--lower DIR[:DIR]...]... [--upper DIR --work DIR] [-o OPTIONS] [-f] MERGED
       ovlfs umount [-l] MERGED
       ovlfs [SOURCE] MERGED -o lowerdir=DIR[:DIR]...[,upperdir=DIR,workdir=DIR][,OPTION]...
${commands.map(({ name, usage }) => `       ovlfs ${name} ${usage}\n`).join("")}       ovlfs --version
       ovlfs --help | ovlfs mount --help | ovlfs umount --help
`;

const mount = (): string => `usage: ovlfs mount [--lower DIR[:DIR]...]... [--upper DIR --work DIR] [-o OPTIONS] [-f] MERGED

Shows the lower directories under the upper one, merged, at the directory MERGED. Changes go to the
upper; without one the mount is read-only. Returns once the mount answers.

  --lower DIR[:DIR]...          lower layers, topmost first; again for more below. A colon in a name is
                                written '\\:', a backslash '\\\\'
  --upper DIR                   the writable layer; the name is taken as it is
  --work DIR                    an empty directory on the file system of the upper
  --from-inspect FILE           layers and options from the JSON that 'docker inspect', 'podman inspect' or 'ovlfs
                                inspect' prints, '-' being standard input; its MergedDir if MERGED is left out. Of
                                an image all layers are lower ones
  -o, --options OPTION[,...]    options as below; a comma in a value is written '\\,'
  -f, --foreground              stay in front; SIGINT, SIGTERM and SIGHUP unmount, a second one detaches
  -d, --debug                   stay in front and log each request
  --transport fuse|fuse-native  who speaks to the kernel: ovlfs itself (default), or libfuse 2
  --log FILE                    log to FILE; else to standard error with -f, to syslog without
  --profile[=FILE]              count and time the requests from the start; written to FILE, else to the log, at
                                the unmount and when the daemon gets SIGUSR1. Without it SIGUSR1 begins to count,
                                and is given again to see the counts; SIGUSR2 ends it
  --trace[=FILE]                write what happens in the mount, a line each, to FILE, else to the log; 'ovlfs trace'
                                shows the same of a mount that runs

OPTIONS of -o:
${describeMountOptions()}
`;

const umount = `usage: ovlfs umount [-l] MERGED

Unmounts what 'ovlfs mount' mounted at MERGED, also what a killed daemon left there, and waits until its
daemon has gone.

  -l, --lazy                    detach now, finish when nothing uses it any more
`;

/** The help for one command, or for all. */
export function helpText(topic: Topic): string {
  switch (topic) {
    case "ovlfs": return overview();
    case "mount": return mount();
    case "umount": return umount;
  }
}
