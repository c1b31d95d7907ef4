// The camera: on a sphere about a point that walks with the person, as camera.py's orbit.

class Camera {
  constructor(render) {
    this.render = render;
    this.fovY = (render.fovY * Math.PI) / 180;
    this.view = new Float32Array(12); // world to camera, OpenCV axes
    this.path = [0, 0]; // what is followed over the floor
    this.clip = null;
    this.resize([1, 1], 0, 0);
    this.reset();
  }

  /** Look from beside the clip's heading, as videos do. */
  reset() {
    this.azimuth = this.render.azimuth + (this.clip ? this.clip.heading : 0);
    this.elevation = this.render.elevation;
    this.zoom = 1;
    this.pan = [0, 0, 0];
  }

  /** Pixels of the picture, and how many at its top and bottom the controls cover. */
  resize(size, top, bottom) {
    this.size = size;
    this.free = Math.max(size[1] - top - bottom, 0.4 * size[1]);
    const focal = (0.5 * this.free) / Math.tan(0.5 * this.fovY);
    this.focal = [focal, focal];
    this.centre = [0.5 * size[0], Math.min(top, size[1] - this.free) + 0.5 * this.free];
  }

  frame(clip) {
    this.clip = clip;
    this.pan = [0, 0, 0];
  }

  /** Metres to the target at which the whole clip is in the picture. */
  get fitting() {
    const [low, high] = this.clip.box;
    const { room, margin } = this.render;
    const half = 0.5 * (high[1] - low[1]) + room;
    const across = 0.5 * Math.hypot(high[0] - low[0], high[2] - low[2]) + room;
    const usable = 1 - 2 * margin;
    const upright = half / ((0.5 * this.free * usable) / this.focal[1]);
    // A body's corners are empty: three quarters of the diagonal hold what is wide.
    const wide = (0.75 * across) / ((0.5 * this.size[0] * usable) / this.focal[0]);
    return Math.max(upright, wide) + 0.25 * across;
  }

  get distance() {
    return this.fitting / this.zoom;
  }

  get target() {
    const [low, high] = this.clip.box;
    return [0, 1, 2].map(
      (k) => 0.5 * (low[k] + high[k]) + this.pan[k] + (k === 1 ? 0 : this.path[k >> 1]),
    );
  }

  turn(right, up) {
    this.azimuth = (((this.azimuth + right) % 360) + 360) % 360;
    this.elevation = Math.max(-85, Math.min(85, this.elevation + up));
  }

  nearer(factor) {
    this.zoom = Math.max(0.25, Math.min(12, this.zoom * factor));
  }

  /** Move what is seen by pixels of the picture. */
  shift(right, down) {
    const metres = this.distance / this.focal[0];
    for (let k = 0; k < 3; k++) {
      this.pan[k] -= metres * (right * this.view[k] + down * this.view[4 + k]);
      this.pan[k] = Math.max(-3, Math.min(3, this.pan[k]));
    }
  }

  /** Fill `view` from azimuth, elevation, distance and target. */
  update() {
    const phi = (this.azimuth * Math.PI) / 180;
    const theta = (this.elevation * Math.PI) / 180;
    const outward = [
      Math.cos(theta) * Math.sin(phi), Math.sin(theta), Math.cos(theta) * Math.cos(phi),
    ];
    const right = [Math.cos(phi), 0, -Math.sin(phi)];
    const forward = outward.map((value) => -value);
    const down = [
      forward[1] * right[2] - forward[2] * right[1],
      forward[2] * right[0] - forward[0] * right[2],
      forward[0] * right[1] - forward[1] * right[0],
    ];
    const [target, distance] = [this.target, this.distance];
    [right, down, forward].forEach((axis, row) => {
      let moved = 0;
      axis.forEach((value, k) => {
        this.view[4 * row + k] = value;
        moved -= value * (target[k] + distance * outward[k]);
      });
      this.view[4 * row + 3] = moved;
    });
  }

  /** Pixels of a world point, from the top left. */
  project(x, y, z) {
    const [u, v, depth] = [0, 4, 8].map(
      (at) => this.view[at] * x + this.view[at + 1] * y + this.view[at + 2] * z + this.view[at + 3],
    );
    return [
      (this.focal[0] * u) / depth + this.centre[0],
      (this.focal[1] * v) / depth + this.centre[1],
    ];
  }
}
