/**
 * Acting for the caller: new files get their owner, and the umask that applies, at the moment they are made,
 * so that the file system itself does the rest (default ACLs, setgid directories, quotas). The ids are
 * fsuid and fsgid of this one thread; capabilities stay, as with the kernel's own override of credentials.
 * Switching is lazy: a second file of the same caller costs no system call.
 */
import { native } from "../sys/native.js";
import { currentUmask } from "../sys/umask.js";
import type { Caller } from "./types.js";

export class Credentials {
  readonly #own: Caller = { uid: process.geteuid!(), gid: process.getegid!(), umask: currentUmask() };
  #uid = this.#own.uid;
  #gid = this.#own.gid;
  #umask = this.#own.umask;
  #keepsCapabilities = false;

  /** Whether files can be made for others than the mounter. */
  get canSwitch(): boolean {
    return this.#own.uid === 0;
  }

  /** What is made from now on belongs to `caller`. */
  become(caller: Caller): void {
    if (caller.umask !== this.#umask) {
      native.umask(caller.umask);
      this.#umask = caller.umask;
    }
    if (!this.canSwitch) return;
    if (caller.uid !== this.#uid) {
      this.#keepCapabilities();
      native.setfsuid(caller.uid);
      this.#uid = caller.uid;
    }
    if (caller.gid !== this.#gid) {
      native.setfsgid(caller.gid);
      this.#gid = caller.gid;
    }
  }

  /** What is made from now on belongs to the mounter, with this umask. */
  restoreWith(umask: number): void {
    this.become({ ...this.#own, umask });
  }

  /** What is made from now on belongs to the mounter. */
  restore(): void {
    this.become(this.#own);
  }

  /** Only once it is needed: an in-process overlay that makes files for its own process changes nothing of that. */
  #keepCapabilities(): void {
    if (this.#keepsCapabilities) return;
    native.keepCapabilities();
    this.#keepsCapabilities = true;
  }
}
