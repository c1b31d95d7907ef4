// What Python packed (export/viewer/packing.py, clips.py), unpacked.

const WORDS = 12; // of a Gaussian
const WEIGHT_STEPS = 2047;

/** The bytes of a base64 text. */
function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

/**
 * Gaussians: all words for the shader, and what sorting needs of them: canonical positions and the
 * influences one after the other, those of Gaussian i from first[i] to first[i + 1].
 */
function unpackGaussians(packed) {
  const count = packed.count;
  const words = new Uint32Array(bytesOf(packed.words));
  const halves = new Uint16Array(words.buffer);
  const means = new Float32Array(3 * count);
  const first = new Uint32Array(count + 1);
  const joints = new Uint8Array(8 * count);
  const shares = new Float32Array(8 * count);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const at = i * 2 * WORDS;
    for (let k = 0; k < 3; k++) {
      const width = packed.high[k] - packed.low[k];
      means[3 * i + k] = packed.low[k] + (halves[at + k] / 65535) * width;
    }
    let total = 0;
    for (let k = 0; k < 8; k++) total += halves[at + 16 + k] >> 5;
    for (let k = 0; k < 8; k++) {
      const influence = halves[at + 16 + k];
      if (influence >> 5 === 0) continue;
      joints[used] = influence & 31;
      shares[used++] = (influence >> 5) / total;
    }
    first[i + 1] = used;
  }
  return { ...packed, words, means, first, joints, shares };
}

/** A clip with its numbers as typed arrays; rotations as floats of unit length. */
function unpackClip(packed) {
  const steps = new Int16Array(bytesOf(packed.quats));
  const quats = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i += 4) {
    const length = Math.hypot(steps[i], steps[i + 1], steps[i + 2], steps[i + 3]) || 1;
    for (let k = 0; k < 4; k++) quats[i + k] = steps[i + k] / length;
  }
  const translation = new Float32Array(bytesOf(packed.translation));
  const last = 3 * (packed.frames - 1);
  return {
    ...packed,
    quats,
    translation,
    path: new Float32Array(bytesOf(packed.path)),
    duration: (packed.frames - 1) / packed.fps,
    // From one cycle to the next, over the floor.
    step: [translation[last] - translation[0], translation[last + 2] - translation[2]],
  };
}
