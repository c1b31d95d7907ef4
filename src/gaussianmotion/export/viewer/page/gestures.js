// Turning, moving and zooming by mouse, pen and touch.

const DEGREES_PER_PIXEL = 0.4;

/** @param changed Called after each change of the camera. */
function listenToPointers(element, camera, changed) {
  const pointers = new Map();
  // Pixels of the page to pixels of the picture.
  const sharpness = () => element.width / element.clientWidth;

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    element.classList.add("held");
  });
  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (pointers.size === 1) {
      if (event.buttons & 6 || event.shiftKey || event.ctrlKey) {
        camera.shift(dx * sharpness(), dy * sharpness());
      } else {
        camera.turn(-dx * DEGREES_PER_PIXEL, dy * DEGREES_PER_PIXEL);
      }
    } else if (pointers.size === 2) {
      // Two fingers: their distance zooms, their middle moves.
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const [was, is] = [before, now].map((p) => Math.hypot(p.x - other.x, p.y - other.y));
      if (was > 1) camera.nearer(is / was);
      camera.shift((dx / 2) * sharpness(), (dy / 2) * sharpness());
    }
    pointers.set(event.pointerId, now);
    changed();
  });
  const released = (event) => {
    pointers.delete(event.pointerId);
    if (pointers.size === 0) element.classList.remove("held");
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    element.addEventListener(name, released);
  }
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      camera.nearer(Math.exp(-0.0015 * lines * event.deltaY));
      changed();
    },
    { passive: false },
  );
  element.addEventListener("dblclick", () => {
    camera.reset();
    changed();
  });
}
