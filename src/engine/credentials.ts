/**
 * Acting for the caller: new files get their owner, and the umask that applies, at the moment they are made,
 * so that the file system itself does the rest (default ACLs, setgid directories, quotas). The ids are
 * fsuid and fsgid of this one thread; capabilities stay, as with the kernel's own override of credentials.
 * Switching is lazy: a second file of the same caller costs no system call.
 */
import { native } from "../sys/native.js";
import type { Caller } from "./types.js";

export class Credentials {
  readonly #own: Caller;
  readonly #canSwitch: boolean;
  #uid: number;
  #gid: number;
  #umask = 0;

  constructor() {
    this.#own = { uid: process.geteuid!(), gid: process.getegid!(), umask: 0 };
    this.#uid = this.#own.uid;
    this.#gid = this.#own.gid;
    this.#canSwitch = this.#own.uid === 0 && native.keepCapabilities() >= 0;
    native.umask(0);
  }

  /** What is made from now on belongs to `caller`. */
  become(caller: Caller): void {
    if (caller.umask !== this.#umask) {
      native.umask(caller.umask);
      this.#umask = caller.umask;
    }
    if (!this.#canSwitch) return;
    if (caller.uid !== this.#uid) {
      native.setfsuid(caller.uid);
      this.#uid = caller.uid;
    }
    if (caller.gid !== this.#gid) {
      native.setfsgid(caller.gid);
      this.#gid = caller.gid;
    }
  }

  /** What is made from now on belongs to the mounter, with exactly the mode given. */
  restore(): void {
    this.become(this.#own);
  }

  /** Whether files can be made for others than the mounter. */
  get canSwitch(): boolean {
    return this.#canSwitch;
  }
}
