// @ts-check
/** Where photographs come from: files, drops, the clipboard, the camera. */

/**
 * @param {(photograph: ImageBitmap) => void} take
 * @param {(message: string) => void} refuse
 */
export function listen(take, refuse) {
  const open = async (/** @type {Blob | null | undefined} */ file) => {
    if (!file) return;
    try {
      take(await createImageBitmap(file, { imageOrientation: "from-image" }));
    } catch {
      refuse(
        `This browser cannot read ${file instanceof File ? file.name : "that"} as an image. JPEG, PNG and WebP work everywhere.`,
      );
    }
  };
  const input = element("file", HTMLInputElement);
  input.addEventListener("change", () => {
    void open(input.files?.[0]);
    // The same file can be chosen again.
    input.value = "";
  });
  const marked = (/** @type {boolean} */ on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    marked(true);
  });
  document.addEventListener("dragleave", () => marked(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    marked(false);
    const { dataTransfer } = event;
    void open(dataTransfer?.files[0]);
  });
  document.addEventListener("paste", ({ clipboardData }) => void open(clipboardData?.files[0]));
  camera(take, refuse);
}

/**
 * @param {(photograph: ImageBitmap) => void} take
 * @param {(message: string) => void} refuse
 */
function camera(take, refuse) {
  const [button, dialog, video] = [
    element("camera", HTMLButtonElement),
    element("viewfinder", HTMLDialogElement),
    element("video", HTMLVideoElement),
  ];
  // Not there on pages that are not served securely.
  if (!("mediaDevices" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(
      (stream) => {
        video.srcObject = stream;
        dialog.showModal();
      },
      (/** @type {unknown} */ error) => refuse(`The camera cannot be used: ${String(error)}`),
    );
  });
  element("shoot", HTMLButtonElement).addEventListener("click", () => {
    createImageBitmap(video).then(
      (picture) => {
        take(picture);
        dialog.close();
      },
      () => refuse("The camera gave no picture yet."),
    );
  });
  element("cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    const stream = video.srcObject;
    if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  });
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${id}`);
}
