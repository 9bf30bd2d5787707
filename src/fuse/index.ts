/**
 * The default transport: the kernel's own FUSE protocol over /dev/fuse. Mounts by mount(2) where this process
 * may, else by fusermount3, and is there once the kernel's INIT is answered.
 */
import { MountError, type MountRequest, type Session, type Transport } from "../transport.js";
import { Adapter } from "./adapter.js";
import { describeOutcome, describeRequest } from "./debug.js";
import { dispatch } from "./dispatch.js";
import { mountByHelper } from "./fusermount.js";
import { mountDirectly, type Mounted } from "./mount.js";
import { raiseReadahead } from "./readahead.js";
import type { Request } from "./request.js";

export const mountFuse: Transport = async (request) => {
  const mounted = mountDirectly(request) ?? await mountByHelper(request);
  const refusal = await serve(request, mounted).catch((fault: unknown) => `/dev/fuse can't be watched (${String(fault)}); close other programs and try again`);
  if (refusal === null) {
    await raiseReadahead(request.mountpoint);
    return session(mounted);
  }
  await mounted.unmount(true);
  mounted.connection.close();
  throw new MountError(refusal);
};

/** Starts serving; settles with null once INIT is answered, or with why it can't be. */
function serve(request: MountRequest, { connection }: Mounted): Promise<string | null> {
  return new Promise((resolve) => {
    const one = request.debug ? debugged(request) : dispatch;
    const adapter = new Adapter({
      engine: request.engine, device: connection, log: request.log, copyUpAtOpen: request.copyUpAtOpen, repeat: one,
      // The answer to INIT is sent when this returns, and the promise settles after that.
      initialized: resolve,
    });
    request.engine.onAttributesChanged = (inode) => adapter.notifier.attributesChanged(inode);
    request.engine.onListingChanged = (directory) => adapter.listingChanged(directory);
    connection.start((received) => one(adapter, received));
    void connection.done.then(() => {
      adapter.end();
      resolve("the kernel ended the connection before it began; try again");
    });
  });
}

/** As dispatch, with each request and its outcome in the log. */
function debugged({ log }: MountRequest): (adapter: Adapter, request: Request) => void {
  return (adapter, request) => {
    const words = describeRequest(request);
    log.info(`${words}: ${describeOutcome(dispatch(adapter, request))}`);
  };
}

function session({ connection, unmount }: Mounted): Session {
  return { done: connection.done, unmount };
}
