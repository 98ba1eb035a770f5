// AES-GCM with the account's key, which no script can read out; each text is bound to its name.
const ENCODER = new TextEncoder();

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

export const keyOf = (hex) =>
  crypto.subtle.importKey("raw", bytesOf(hex), "AES-GCM", false, ["encrypt", "decrypt"]);

export async function seal(key, name, value, file = new Uint8Array()) {
  const said = ENCODER.encode(JSON.stringify(value));
  const whole = new Uint8Array(4 + said.length + file.length);
  new DataView(whole.buffer).setUint32(0, said.length);
  whole.set(said, 4);
  whole.set(file, 4 + said.length);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: "AES-GCM", iv, additionalData: ENCODER.encode(name) };
  return { iv, sealed: await crypto.subtle.encrypt(how, key, whole) };
}

export async function unseal(key, name, { iv, sealed }) {
  const how = { name: "AES-GCM", iv, additionalData: ENCODER.encode(name) };
  const whole = await crypto.subtle.decrypt(how, key, sealed);
  const length = new DataView(whole).getUint32(0);
  const said = new TextDecoder().decode(new Uint8Array(whole, 4, length));
  return { value: JSON.parse(said), file: new Uint8Array(whole, 4 + length) };
}
