// Which clip is shown, at what time, and the pose there.

class Player {
  constructor(clips, joints) {
    this.clips = clips;
    this.quats = new Float64Array(4 * joints);
    this.translation = [0, 0, 0];
    this.path = [0, 0];
    this.bends = new Map(); // joint to its sliders' rotation vector, degrees
    this.offset = new Float64Array(4);
    this.speed = 1;
    this.loops = true;
    this.playing = false;
    this.choose(0);
  }

  choose(index) {
    this.index = index;
    this.clip = this.clips[index];
    this.seek(0);
  }

  get moves() {
    return this.clip.duration > 0;
  }

  /** Go to a time in seconds, at the first cycle. */
  seek(time) {
    this.time = Math.max(0, Math.min(this.clip.duration, time));
    this.cycle = 0;
  }

  /** Go on by seconds of the clock; ends or starts again where the clip ends. */
  advance(seconds) {
    if (!this.playing || !this.moves) return;
    this.time += seconds * this.speed;
    if (this.time < this.clip.duration) return;
    if (!this.loops) {
      this.time = this.clip.duration;
      this.playing = false;
      return;
    }
    const cycles = Math.floor(this.time / this.clip.duration);
    this.time -= cycles * this.clip.duration;
    if (this.clip.cyclic) this.cycle += cycles;
  }

  /** Fill `quats`, `translation` and `path` (x, z) of the present time. */
  pose() {
    const { clip, quats, offset } = this;
    const position = Math.min(this.time * clip.fps, clip.frames - 1);
    const frame = Math.min(Math.floor(position), Math.max(clip.frames - 2, 0));
    const next = Math.min(frame + 1, clip.frames - 1);
    const share = position - frame;
    for (let at = 0; at < quats.length; at += 4) {
      slerp(clip.quats, frame * quats.length + at, clip.quats, next * quats.length + at, share, quats, at);
    }
    for (const [joint, degrees] of this.bends) {
      offset.set(quaternionOf(degrees));
      multiply(quats, 4 * joint, offset, 0, quats, 4 * joint);
    }
    const between = (values, width, k) =>
      values[width * frame + k] * (1 - share) + values[width * next + k] * share;
    for (let k = 0; k < 3; k++) this.translation[k] = between(clip.translation, 3, k);
    for (let k = 0; k < 2; k++) {
      this.translation[2 * k] += this.cycle * clip.step[k];
      this.path[k] = between(clip.path, 2, k) + this.cycle * clip.step[k];
    }
  }
}
