// AES-GCM with the account's key, which scripts cannot export; each ciphertext is bound to its name.
const ENCODER = new TextEncoder();

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

export const importKey = (hex) =>
  crypto.subtle.importKey("raw", bytesOf(hex), "AES-GCM", false, ["encrypt", "decrypt"]);

export async function encrypt(key, name, value, file = new Uint8Array()) {
  const json = ENCODER.encode(JSON.stringify(value));
  const bytes = new Uint8Array(4 + json.length + file.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  bytes.set(file, 4 + json.length);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const options = { name: "AES-GCM", iv, additionalData: ENCODER.encode(name) };
  return { iv, ciphertext: await crypto.subtle.encrypt(options, key, bytes) };
}

export async function decrypt(key, name, { iv, ciphertext }) {
  const options = { name: "AES-GCM", iv, additionalData: ENCODER.encode(name) };
  const bytes = await crypto.subtle.decrypt(options, key, ciphertext);
  const length = new DataView(bytes).getUint32(0);
  const json = new TextDecoder().decode(new Uint8Array(bytes, 4, length));
  return { value: JSON.parse(json), file: new Uint8Array(bytes, 4 + length) };
}
