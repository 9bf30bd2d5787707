/**
 * The descriptor of /dev/fuse that libfuse opened in this process. libfuse does not say when its mount is gone,
 * but then closes the descriptor: that is looked at, never the mountpoint, which would be a request to ourselves.
 */
import { readdirSync, readlinkSync } from "node:fs";

const DEVICE = "/dev/fuse";
const DESCRIPTORS = "/proc/self/fd";

function isDevice(descriptor: string): boolean {
  try {
    return readlinkSync(`${DESCRIPTORS}/${descriptor}`) === DEVICE;
  } catch {
    return false;
  }
}

/** The descriptors of /dev/fuse that are open now. */
export function openChannels(): ReadonlySet<string> {
  return new Set(readdirSync(DESCRIPTORS).filter(isDevice));
}

/** Those that were opened since. */
export function newChannels(before: ReadonlySet<string>): readonly string[] {
  return [...openChannels()].filter((descriptor) => !before.has(descriptor));
}

const INTERVAL_MS = 200;

/** Settles once what was opened since `before` is closed. */
export function channelClosed(before: ReadonlySet<string>): Promise<void> {
  const opened = newChannels(before);
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (opened.some(isDevice)) return;
      clearInterval(timer);
      resolve();
    }, INTERVAL_MS);
  });
}
