// Scans the code of a paper with the camera or from a photograph; the decoder is loaded at first use.
const place = document.getElementById("scan");
const camera = document.getElementById("camera");
const opener = document.getElementById("open-camera");
const status = document.getElementById("scan-message");
const openText = opener?.textContent;

if (place) offerCamera();

function offerCamera() {
  opener.hidden = !navigator.mediaDevices;
  opener.addEventListener("click", () => (camera.srcObject ? close() : scan()));
  document.getElementById("code-photo").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    status.textContent = "";
    const text = await read(await readerOf(), await createImageBitmap(file).catch(() => null));
    if (text) send(text);
    else status.textContent = place.dataset.noCode;
    event.target.value = "";
  });
}

/** Fill the field with the text of the code, and send its form. */
function send(text) {
  const field = document.getElementById(place.dataset.field);
  field.value = text;
  field.form.requestSubmit();
}

async function scan() {
  const reader = readerOf();
  try {
    camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    await camera.play();
  } catch {
    close();
    status.textContent = place.dataset.noCamera;
    return;
  }
  camera.hidden = false;
  opener.textContent = place.dataset.close;
  status.textContent = place.dataset.look;
  const decode = await reader;
  while (camera.srcObject) {
    const text = camera.readyState >= 2 && (await read(decode, camera));
    if (text) {
      close();
      send(text);
      return;
    }
    await new Promise((done) => setTimeout(done, 150));
  }
}

function close() {
  for (const track of camera.srcObject?.getTracks() ?? []) track.stop();
  camera.srcObject = null;
  camera.hidden = true;
  opener.textContent = openText;
  status.textContent = "";
}

/** The browser's own reader of QR codes if it has one, else the decoder. */
async function readerOf() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (drawn) => (await detector.detect(drawn))[0]?.rawValue;
  }
  await import(place.dataset.decoder);
  return async (drawn) => {
    const { data, width, height } = drawn.getContext("2d").getImageData(0, 0, drawn.width, drawn.height);
    return window.jsQR(data, width, height)?.data;
  };
}

const SIDES = [1600, 1000, 700];

/** The text of a code in a picture; a large picture is tried in several sizes. */
async function read(decode, picture) {
  const width = picture?.videoWidth ?? picture?.width, height = picture?.videoHeight ?? picture?.height;
  if (!width) return null;
  const sides = picture === camera ? SIDES.slice(1, 2) : SIDES;
  for (const side of sides) {
    const scale = Math.min(1, side / Math.max(width, height));
    const drawn = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
    drawn.getContext("2d", { willReadFrequently: true }).drawImage(picture, 0, 0, drawn.width, drawn.height);
    const text = await decode(drawn).catch(() => null);
    if (text) return text.trim();
  }
  return null;
}
