/**
 * Text as it goes over the wire: base64 of UTF-8. What was read here is as a stranger wrote it: show it as text alone.
 */

/** The base64 of the text's UTF-8. */
export function encodeText(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

/** The text behind base64 of UTF-8; empty when there is none. */
export function decodeText(base64) {
  if (!base64) return "";
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return "";
  }
}
