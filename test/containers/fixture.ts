/**
 * What the tests of containers share: a machine with the mount program that is tested and one with the kernel's
 * overlay, which is the oracle. OVLFS_TEST_MOUNT_PROGRAM puts another program to the test.
 */
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { IMAGE_COMMANDS, makeImage } from "./image.js";
import { Machine, machineUnavailable, users, type MountProgram } from "./machine.js";

/** The program that is put to the test. */
export const subject = (process.env.OVLFS_TEST_MOUNT_PROGRAM ?? "ovlfs") as MountProgram;

export interface Machines {
  readonly tested: Machine;
  readonly oracle: Machine;
}

/** Two machines with the image for the length of a file; its tests are skipped where there can't be any. */
export function machinesFor(commands: readonly string[]): Machines {
  const missing = machineUnavailable([...commands, "podman", "crun", "newuidmap", "ps", ...IMAGE_COMMANDS]);
  const started: Machine[] = [];
  const machine = (index: number): Machine => {
    const one = started[index];
    if (one === undefined) throw new Error("no machine runs");
    return one;
  };

  beforeAll(async () => {
    if (missing !== null) return;
    for (const program of [subject, "kernel"] as const) {
      const one = new Machine(program);
      started.push(one);
      makeImage(one, users);
      await breathe();
    }
  }, 120_000);
  beforeEach(({ skip }) => { skip(missing !== null, missing ?? ""); });
  afterEach(breathe);
  afterAll(() => { for (const one of started) one.end(); });

  return { get tested() { return machine(0); }, get oracle() { return machine(1); } };
}

/** All here waits for other processes without a turn of the event loop, in which vitest hears its answers. */
export function breathe(): Promise<void> { return setTimeout(20); }

/** What `act` finds with the tested program is what it finds with the kernel's overlay. */
export function expectAlike(machines: Machines, act: (machine: Machine) => unknown): void {
  const found = act(machines.tested);
  expect(found).toEqual(act(machines.oracle));
}
