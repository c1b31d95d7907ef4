// One avatar on the page: its pose, its camera, and when it is drawn.

// Sharper than this is not seen, and costs as the square.
const SHARPEST = 2;
// A computer that is slower than this draws smaller while things move, and sharp again after.
const SLOW = 45; // milliseconds a frame
const SCALES = [1, 0.7, 0.5, 0.35];
const REST = 250; // milliseconds

class Stage {
  constructor(canvas, scene, gaussians) {
    this.canvas = canvas;
    this.scene = scene;
    this.skeleton = new Skeleton(scene.body);
    this.order = new Order(gaussians);
    this.player = new Player(scene.clips.map(unpackClip), scene.body.parents.length);
    this.camera = new Camera(scene.render);
    this.camera.frame(this.player.clip);
    this.camera.reset();
    this.background = [...scene.render.background, 1];
    this.ground = true;
    this.scale = 0; // index of SCALES
    this.slow = this.quick = 0; // frames in a row
    this.waiting = this.moving = false;
    this.shown = () => {};
  }

  /** Take the size of the window, and what the controls leave of it. */
  fit() {
    const { element } = this.canvas;
    this.sharpness = Math.min(devicePixelRatio || 1, SHARPEST) * SCALES[this.scale];
    const size = [element.clientWidth, element.clientHeight].map((side) =>
      Math.max(16, Math.round(side * this.sharpness)),
    );
    const style = getComputedStyle(document.body);
    const [top, bar] = ["--top", "--bottom"].map((name) => parseFloat(style.getPropertyValue(name)) || 0);
    // In a narrow window an open panel lies over the person, who moves up.
    const panel = document.querySelector(".panel:not([hidden])");
    const wide = panel && panel.offsetWidth > 0.6 * element.clientWidth;
    const bottom = bar + (wide ? panel.offsetHeight : 0);
    this.camera.resize(size, top * this.sharpness, bottom * this.sharpness);
  }

  /** Draw soon, once however often it is asked for. */
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.step(now));
  }

  step(now) {
    this.waiting = false;
    clearTimeout(this.rest);
    const { element } = this.canvas;
    const elapsed = now - (this.before ?? now);
    if (this.moving) this.player.advance(Math.min(elapsed, 250) / 1000);
    if (this.moving || element.classList.contains("held")) this.adapt(elapsed);
    this.moving = this.player.playing;
    this.before = now;
    this.fit();
    this.draw();
    this.shown();
    if (this.moving) this.changed();
    else if (this.scale > 0) {
      this.rest = setTimeout(() => {
        this.scale = 0;
        this.changed();
      }, REST);
    }
  }

  /** Draw smaller where the last frames were slow, sharper where many were quick. */
  adapt(elapsed) {
    this.slow = elapsed > SLOW ? this.slow + 1 : 0;
    this.quick = elapsed < SLOW / 2 ? this.quick + 1 : 0;
    if (this.slow >= 4 && this.scale < SCALES.length - 1) this.scale++;
    else if (this.quick >= 100 && this.scale > 0) this.scale--;
    else return;
    this.slow = this.quick = 0;
  }

  /** Everything of a frame but drawing: the pose, the camera, the order. */
  prepare() {
    this.player.pose();
    this.skeleton.pose(this.player.quats, this.player.translation);
    this.camera.path = this.player.path;
    this.camera.update();
    this.order.sort(this.skeleton.transforms, this.camera.view.subarray(8));
  }

  draw() {
    this.prepare();
    const { splat, render } = this.scene;
    this.canvas.draw(this.skeleton, this.order, this.camera, {
      pixel: this.order.meanDepth / this.camera.focal[1],
      widening: splat.compensate ? 0 : render.antiAlias ** 2 * splat.eps2d,
      background: this.background,
      ground: this.ground ? this.player.clip.floor : null,
    });
  }
}
