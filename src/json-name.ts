/** Names in JSON, whose strings are text: of one that is not UTF-8 the bytes stand beside it. */
import { bytes, display, toBuffer, toText, type Bytes } from "./sys/bytes.js";

/** A name as a JSON string: itself where it is UTF-8, else as in messages. */
export function jsonText(name: Bytes): string {
  const text = toText(name);
  return bytes(text) === name ? text : display(name);
}

/** A name under `key`, and the bytes of one that is not UTF-8 under `keyBase64`. */
export function jsonName(key: string, name: Bytes): Readonly<Record<string, string>> {
  const text = jsonText(name);
  return bytes(text) === name ? { [key]: text } : { [key]: text, [`${key}Base64`]: toBuffer(name).toString("base64") };
}
