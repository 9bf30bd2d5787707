/**
 * The default transport: the kernel's own FUSE protocol over /dev/fuse. Mounts by mount(2) where this process
 * may, else by fusermount3, and is there once the kernel's INIT is answered.
 */
import { MountError, type MountRequest, type Profiler, type Session, type Transport } from "../transport.js";
import { VirtualXattrs } from "../virtual-xattrs.js";
import { Adapter } from "./adapter.js";
import { describeOutcome, describeRequest } from "./debug.js";
import { dispatch } from "./dispatch.js";
import { FOREVER } from "./encode.js";
import { mountByHelper } from "./fusermount.js";
import { backingDevice } from "./passthrough.js";
import { mountDirectly, type Mounted } from "./mount.js";
import type { Serve } from "./profile.js";
import { FuseProfiler } from "./profiler.js";
import { Readahead } from "./readahead.js";
import type { Request } from "./request.js";

export const mountFuse: Transport = async (request) => {
  if (request.passthrough && process.geteuid!() !== 0) {
    throw new MountError("data=passthrough needs root; leave it out, the kernel's cache serves too");
  }
  const readahead = new Readahead();
  try {
    return await mountAndServe(request, readahead);
  } finally {
    readahead.close();
  }
};

async function mountAndServe(request: MountRequest, readahead: Readahead): Promise<Session> {
  const mounted = mountDirectly(request) ?? await mountByHelper(request);
  const served = await serve(request, mounted).catch((fault: unknown) => `/dev/fuse can't be watched (${String(fault)}); close other programs and try again`);
  if (typeof served !== "string") {
    readahead.raise(request.mountpoint);
    return { done: mounted.connection.done, unmount: mounted.unmount, profiler: served };
  }
  await mounted.unmount(true);
  mounted.connection.close();
  throw new MountError(served);
}

/** Starts serving; settles once INIT is answered, or with why it can't be. */
function serve(request: MountRequest, { connection }: Mounted): Promise<Profiler | string> {
  return new Promise((resolve) => {
    let requests = 0;
    let served: Request | null = null;
    const serveOne = (received: Request): void => {
      served = received;
      profiler.serve(adapter, received);
    };
    request.tracer.servedFor = () => served?.pid ?? 0;
    const adapter: Adapter = new Adapter({
      engine: request.engine, device: connection, log: request.log, copyUpAtOpen: request.copyUpAtOpen,
      lifetime: request.timeout ?? FOREVER,
      backing: request.passthrough ? backingDevice(connection.fd) : null,
      virtualXattrs: new VirtualXattrs(request.engine, request, () => ({ requests, ...notifications(adapter) })),
      tracer: request.tracer,
      repeat: (_, kept) => serveOne(kept),
      // The answer to INIT is sent when this returns, and the promise settles after that.
      initialized: (refusal) => resolve(refusal ?? profiler),
    });
    const profiler = new FuseProfiler(adapter, request.debug ? debugged(request) : dispatch);
    request.engine.onAttributesChanged = (inode) => adapter.notifier.attributesChanged(inode);
    request.engine.onListingChanged = (directory) => adapter.drops.listingChanged(directory);
    connection.start((received) => {
      requests++;
      serveOne(received);
    });
    void connection.done.then(() => {
      adapter.end();
      resolve("the kernel ended the connection before it began; try again");
    });
  });
}

function notifications({ notifier: { sent } }: Adapter): Record<string, number> {
  return { attribute_notifications: sent.attributes, data_notifications: sent.data, listing_notifications: sent.listings, name_notifications: sent.names };
}

/** As dispatch, with each request and its outcome in the log. */
function debugged({ log }: MountRequest): Serve {
  return (adapter, request) => {
    const words = describeRequest(request);
    const outcome = dispatch(adapter, request);
    log.info(`${words}: ${describeOutcome(outcome)}`);
    return outcome;
  };
}
