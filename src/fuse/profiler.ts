/**
 * Switches the profile of a mount on and off while it is served, by replacing the function that serves: without
 * a profile a request passes nothing that it would not pass anyway.
 */
import type { Profiler } from "../transport.js";
import type { Adapter } from "./adapter.js";
import { Profile, type Serve } from "./profile.js";
import { profileTable } from "./profile-table.js";

export class FuseProfiler implements Profiler {
  /** Serves each request. */
  serve: Serve;
  readonly #plain: Serve;
  readonly #adapter: Adapter;
  #profile: Profile | null = null;

  constructor(adapter: Adapter, plain: Serve) {
    this.#adapter = adapter;
    this.#plain = this.serve = plain;
  }

  get isOn(): boolean { return this.#profile !== null; }

  start(): void {
    const profile = new Profile(this.#adapter.notifier.sent);
    this.#profile = this.#adapter.lateAnswers = profile;
    this.serve = (adapter, request) => profile.serve(this.#plain, adapter, request);
  }

  stop(): void {
    this.#profile = this.#adapter.lateAnswers = null;
    this.serve = this.#plain;
  }

  report(): readonly string[] {
    return this.#profile === null ? [] : profileTable(this.#profile);
  }
}
