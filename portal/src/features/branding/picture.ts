/** What the hub takes. */
export const MOST_BYTES = 128 * 1024

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
